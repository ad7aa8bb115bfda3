//! `delete-unhandled`: a sink that appends versions of rows.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A sink that appends versions of rows.
pub struct DeleteUnhandled {
    /// What flows in
    pub kind: String,
    /// Where.
    pub span: Span,
    /// Where the kind was decided.
    pub decided: Span,
}

impl Finding for DeleteUnhandled {
    const NAME: &'static str = "delete-unhandled";
    const EXPLAIN: &'static str = r##"A changelog is a stream of versions and deletes of rows. Appended, the table holds every version, and deleted rows stay. `write = upsert`
keeps the newest; `as events` turns versions into facts with a column `op`, for an audit table.

```pipe
topic orders: Order from orders_csv { kind = changelog }
sink big_orders from big to warehouse { table = "big_orders", write = append }
```

Mended:

```pipe
topic orders: Order from orders_csv { kind = changelog }
sink big_orders from big to warehouse { table = "big_orders", write = upsert }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("an append of `{}` would keep every version", self.kind))
            .label("appends, and has no answer to deletes")
            .also(self.decided, "these are versions of rows since here")
            .choice("write `upsert`", self.span, "upsert")
            .help("write `write = upsert`, or `| as events` before to keep all versions")
            .note("the table would hold every version of a row, also of those that were deleted")
    }
}
