//! `upsert-key-mismatch`: an upsert by another key than that of the rows.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An upsert by another key than that of the rows.
pub struct UpsertKeyMismatch {
    /// What flows in
    pub kind: String,
    /// What identifies a row
    pub identity: Vec<String>,
    /// Where.
    pub span: Span,
    /// Where the kind was decided.
    pub decided: Span,
}

impl Finding for UpsertKeyMismatch {
    const NAME: &'static str = "upsert-key-mismatch";
    const EXPLAIN: &'static str = r##"What identifies a row upstream identifies it in the table. With fewer columns different rows overwrite each other, with others a delete
does not find its row.

```pipe
topic orders: Order from orders_csv { kind = changelog }
sink big_orders from big to warehouse { table = "big_orders", write = upsert, key = customer }
```

Mended:

```pipe
topic orders: Order from orders_csv { kind = changelog }
sink big_orders from big to warehouse { table = "big_orders", write = upsert, key = order_id }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let identity = self.identity.join(", ");
        let key = if self.identity.len() == 1 { identity.clone() } else { format!("[{identity}]") };
        Diagnostic::error(Self::NAME, self.span, format!("the key of the upsert must be `{identity}`"))
            .label("another key")
            .also(self.decided, format!("`{}`: `{identity}` identifies a row", self.kind))
            .help(format!("write `key = {key}`, or leave `key` out"))
            .choice(format!("write `{key}`"), self.span, key)
            .note("with another key, rows overwrite each other, and a delete does not find its row")
    }
}
