//! `changelog-key-dropped`: a step that loses the key of the rows.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A step that loses the key of the rows.
pub struct ChangelogKeyDropped {
    /// The fields that are gone
    pub key: Vec<String>,
    /// Where.
    pub span: Span,
    /// Where the kind was decided.
    pub decided: Span,
}

impl Finding for ChangelogKeyDropped {
    const NAME: &'static str = "changelog-key-dropped";
    const EXPLAIN: &'static str = r##"A changelog is a stream of versions of rows, and a delete carries nothing but the key. If a step drops the key, later versions and deletes
cannot find their row, and the table fills with stale ones.

```pipe
topic orders: Order from orders_csv { kind = changelog }
transform big from orders
  | select customer, amount
```

Mended:

```pipe
topic orders: Order from orders_csv { kind = changelog }
transform big from orders
  | select order_id, customer, amount
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let fields = self.key.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        Diagnostic::error(Self::NAME, self.span, format!("this loses {fields}, which identifies the row"))
            .label("gone from here on")
            .also(self.decided, "these are versions of rows")
            .help(format!("keep {fields}, or write `| as events` before"))
            .note("a delete carries nothing but the key: without it a delete could not find its row")
    }
}
