//! `changelog-key-assigned`: a step that changes the key of the rows.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A step that changes the key of the rows.
pub struct ChangelogKeyAssigned {
    /// The field
    pub name: String,
    /// Where.
    pub span: Span,
    /// Where the kind was decided.
    pub decided: Span,
}

impl Finding for ChangelogKeyAssigned {
    const NAME: &'static str = "changelog-key-assigned";
    const EXPLAIN: &'static str = r##"A delete carries the key as it was. If a step computes the key anew, rows are stored under the new key and deletes look for the old one.

```pipe
topic orders: Order from orders_csv { kind = changelog }
transform big from orders
  | derive order_id = order_id + 1
```

Mended:

```pipe
topic orders: Order from orders_csv { kind = changelog }
transform big from orders
  | derive next_id = order_id + 1
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("`{}` identifies the row and cannot be computed anew", self.name))
            .label("assigned here")
            .also(self.decided, "these are versions of rows")
            .help("give the new value another name")
            .note("a delete carries the old key: it would look for a row that was stored under the new one")
    }
}
