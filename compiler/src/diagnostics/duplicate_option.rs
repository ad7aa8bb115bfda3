//! `duplicate-option`: an option that is given twice.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An option that is given twice.
pub struct DuplicateOption {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// Where the first one stands.
    pub first: Span,
}

impl Finding for DuplicateOption {
    const NAME: &'static str = "duplicate-option";
    const EXPLAIN: &'static str = r##"An option has one value. Which of two would win is not for the reader to guess.

```pipe
topic orders: Order from orders_csv { retention = 7d, retention = 30d }
```

Mended:

```pipe
topic orders: Order from orders_csv { retention = 30d }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("option `{}` is given twice", self.name))
            .label("again")
            .also(self.first, "the first one")
            .help("remove one")
    }
}
