//! `client-property`: a property of the Kafka client that is not the program's to set.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A property of the Kafka client that is not the program's to set.
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
    const EXPLAIN: &'static str = r##"`client = { … }` passes properties to the Kafka client (librdkafka) by their own names. Some have an option of their own, which also
says what it means to the program; others belong to the runtime, and changing them would change what the program promises.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "ssl.ca.location" = "ca.pem" } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), tls = { ca = "ca.pem" } }
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
