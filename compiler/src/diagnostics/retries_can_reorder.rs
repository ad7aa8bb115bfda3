//! `retries-can-reorder`: a client property that decides how many requests may be on their way.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A client property that decides how many requests may be on their way.
pub struct RetriesCanReorder {
    /// The property.
    pub property: String,
    /// Where.
    pub span: Span,
}

impl Finding for RetriesCanReorder {
    const NAME: &'static str = "retries-can-reorder";
    const EXPLAIN: &'static str = r##"If several requests are on their way and the first one fails, it is sent again behind the second one: records of one key change their
order, and a table keeps the older version. librdkafka's own default is a million requests in flight. Pipewright writes with an
idempotent producer, which keeps the order with up to five.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "max.in.flight.requests.per.connection" = 100 } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "linger.ms" = 20 } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` would let a retry overtake", self.property);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("cannot be set")
            .help("remove it: the client keeps the order of retries by itself")
            .note("an old version of a row would arrive after a newer one, and stay")
    }
}
