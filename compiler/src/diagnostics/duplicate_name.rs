//! `duplicate-name`: a name that is declared twice.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A name that is declared twice.
pub struct DuplicateName {
    /// What is declared
    pub what: &'static str,
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// Where the first one stands.
    pub first: Span,
}

impl Finding for DuplicateName {
    const NAME: &'static str = "duplicate-name";
    const EXPLAIN: &'static str = r##"A name stands for one thing in the whole program, over all its files: one node, one connection, one type, one function or parameter.

```pipe
sink big_orders from orders to warehouse { table = "all_orders" }
```

Mended:

```pipe
sink all_orders from orders to warehouse { table = "all_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("a second {} `{}`", self.what, self.name))
            .label("declared again")
            .also(self.first, "the first one")
            .help("give one of them another name")
    }
}
