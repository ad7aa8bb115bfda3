//! `duplicate-field`: a name that stands twice in one list.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A name that stands twice in one list.
pub struct DuplicateField {
    /// What it is
    pub what: &'static str,
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// Where the first one stands.
    pub first: Span,
}

impl Finding for DuplicateField {
    const NAME: &'static str = "duplicate-field";
    const EXPLAIN: &'static str = r##"Fields of a record, parameters of a function and members of a set have names of their own. Of two values under one name one would be
lost.

```pipe
transform big from orders
  | select order_id, customer, customer = amount
```

Mended:

```pipe
transform big from orders
  | select order_id, customer, total = amount
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("a second {} `{}`", self.what, self.name))
            .label("again")
            .also(self.first, "the first one")
            .help("remove one, or give it another name")
    }
}
