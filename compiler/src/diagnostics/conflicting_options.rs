//! `conflicting-options`: options that are each right and not together.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Options that are each right and not together.
pub struct ConflictingOptions {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where.
    pub span: Span,
}

impl Finding for ConflictingOptions {
    const NAME: &'static str = "conflicting-options";
    const EXPLAIN: &'static str = r##"Two options exclude each other, one of them has no effect where it stands, or one needs another beside it.

```pipe
sink big_orders from big to warehouse { table = "big_orders", write = append, key = order_id }
```

Mended:

```pipe
sink big_orders from big to warehouse { table = "big_orders", write = append }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, self.message);
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}
