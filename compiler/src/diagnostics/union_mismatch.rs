//! `union-mismatch`: inputs of a union with different fields.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Inputs of a union with different fields.
pub struct UnionMismatch {
    /// The first difference
    pub difference: String,
    /// Where.
    pub span: Span,
    /// The first input
    pub first: Span,
    /// Its name
    pub first_name: String,
}

impl Finding for UnionMismatch {
    const NAME: &'static str = "union-mismatch";
    const EXPLAIN: &'static str = r##"`from A, B` reads both as one stream: all records have the same fields, in the same order, of the same types. Nothing is filled up with
nulls by itself.

```pipe
transform slim from orders
  | select order_id, amount
transform big from orders, slim
```

Mended:

```pipe
transform same from orders
  | select order_id, customer, amount
transform big from orders, same
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("this does not have the fields of `{}`", self.first_name))
            .label(self.difference)
            .also(self.first, "the first input")
            .help("bring both to the same fields with `select` before")
    }
}
