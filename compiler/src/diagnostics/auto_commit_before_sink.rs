//! `auto-commit-before-sink`: a client property that decides when positions are stored.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A client property that decides when positions are stored.
pub struct AutoCommitBeforeSink {
    /// The property.
    pub property: String,
    /// Where.
    pub span: Span,
}

impl Finding for AutoCommitBeforeSink {
    const NAME: &'static str = "auto-commit-before-sink";
    const EXPLAIN: &'static str = r##"A client that commits by itself moves the position of its group every five seconds, whether the records have reached a table or not.
After a crash it goes on behind records that were never stored. Pipewright stores positions in the transaction of the rows, and turns
the client's own commits off.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "enable.auto.commit" = true } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "linger.ms" = 20 } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` would move positions before the rows are stored", self.property);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("cannot be set")
            .help("remove it: positions are stored in the transaction of the rows")
            .note("what was read and not yet stored when the program ends would never be read again")
    }
}
