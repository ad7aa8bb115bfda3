//! `client-property`: a property of the Kafka client that is unknown or refused.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A property of the Kafka client that is unknown or refused.
pub struct ClientProperty {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where.
    pub span: Span,
}

impl Finding for ClientProperty {
    const NAME: &'static str = "client-property";
    const EXPLAIN: &'static str = r##"`client = { … }` passes properties to the Kafka client (librdkafka) by their own names. A misspelt one would be ignored. Those that would
break a guarantee are refused: `acks = 1` loses records when a broker fails, `enable.auto.commit = true` moves the position before the
rows are stored, another `group.id` shares the records with a stranger.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "enable.auto.commit" = true, "linger.mss" = 20 } }
topic orders: Order from orders_csv { partitions = 6 }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "linger.ms" = 20 } }
topic orders: Order from orders_csv { partitions = 6 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, self.message)
            .note("the client never runs on its defaults; `explain` prints what holds");
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}
