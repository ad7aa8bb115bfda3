//! `key-type`: a key of a type that cannot be one.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A key of a type that cannot be one.
pub struct KeyType {
    /// Which key
    pub what: String,
    /// Its type
    pub ty: String,
    /// Where.
    pub span: Span,
}

impl Finding for KeyType {
    const NAME: &'static str = "key-type";
    const EXPLAIN: &'static str = r##"Equal keys must be equal byte for byte, because their partition is computed from the bytes. That does not hold for floats, lists, records
and JSON.

```pipe
type Order = { order_id: int64, weight: float64, amount: decimal(12, 2) }
topic orders: Order from orders_csv { key = weight }
```

Mended:

```pipe
type Order = { order_id: int64, weight: float64, amount: decimal(12, 2) }
topic orders: Order from orders_csv { key = order_id }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("{} cannot be `{}`", self.what, self.ty))
            .label(format!("this is `{}`", self.ty))
            .help("take a field that identifies: an integer, a string, a uuid, a decimal")
            .note("equal keys must have equal bytes: 0.1 + 0.2 is not 0.3, and JSON objects have no order")
    }
}
