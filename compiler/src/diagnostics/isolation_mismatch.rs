//! `isolation-mismatch`: a client property that decides which records are read.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A client property that decides which records are read.
pub struct IsolationMismatch {
    /// The property.
    pub property: String,
    /// Where.
    pub span: Span,
}

impl Finding for IsolationMismatch {
    const NAME: &'static str = "isolation-mismatch";
    const EXPLAIN: &'static str = r##"A writer with transactions may abort one and write its records again. A reader with `read_uncommitted`, the default of Java clients,
sees both. Pipewright reads with `read_committed`.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "isolation.level" = "read_uncommitted" } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "linger.ms" = 20 } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` would let records be read that were never committed", self.property);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("cannot be set")
            .help("remove it: the client reads what is committed, and nothing else")
            .note("a writer that aborts its transaction and writes again would be counted twice")
    }
}
