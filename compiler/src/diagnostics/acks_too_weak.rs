//! `acks-too-weak`: a client property that decides who has to acknowledge a record.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A client property that decides who has to acknowledge a record.
pub struct AcksTooWeak {
    /// The property.
    pub property: String,
    /// Where.
    pub span: Span,
}

impl Finding for AcksTooWeak {
    const NAME: &'static str = "acks-too-weak";
    const EXPLAIN: &'static str = r##"With `acks = 1` a record counts as written when one broker has it, with `acks = 0` when it has left the process. If that broker fails
before the others have copied it, the record is gone, and the position of its source has moved on: it is never sent again.
Pipewright always writes with `acks = all`.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "acks" = 1 } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "linger.ms" = 20 } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` would let a record count as written too early", self.property);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("cannot be set")
            .help("remove it: the client always waits for all replicas that are in sync (`acks = all`)")
            .note("a broker that fails before it has copied the record takes it along, and nobody is told")
    }
}
