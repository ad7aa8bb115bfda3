//! `idempotence-incompatible`: a client property that decides how the client writes.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A client property that decides how the client writes.
pub struct IdempotenceIncompatible {
    /// The property.
    pub property: String,
    /// Where.
    pub span: Span,
}

impl Finding for IdempotenceIncompatible {
    const NAME: &'static str = "idempotence-incompatible";
    const EXPLAIN: &'static str = r##"An idempotent producer numbers its records, so that a broker recognises one that is sent twice because the first answer was lost. It
needs `acks = all`, at most five requests in flight, and retries. Pipewright always writes that way; properties that would break
it are refused.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "enable.idempotence" = false } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "linger.ms" = 20 } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` would turn off what keeps records from doubling", self.property);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("cannot be set")
            .help("remove it: the client numbers its records, and the brokers drop what they have")
            .note("a request that timed out and had arrived is sent again: its records are there twice")
    }
}
