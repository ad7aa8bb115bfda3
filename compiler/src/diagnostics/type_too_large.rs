//! `type-too-large`: a type with too many fields.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A type with too many fields.
pub struct TypeTooLarge {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// How many there may be
    pub limit: usize,
}

impl Finding for TypeTooLarge {
    const NAME: &'static str = "type-too-large";
    const EXPLAIN: &'static str = r##"A type may hold ten thousand fields, counted through all records inside records. Types that hold each other twice grow without bound.

```pipe
type T0 = { a: T1, b: T1 }
type T1 = { a: T2, b: T2 }
type T2 = { a: T3, b: T3 }
type T3 = { a: T4, b: T4 }
type T4 = { a: T5, b: T5 }
type T5 = { a: T6, b: T6 }
type T6 = { a: T7, b: T7 }
type T7 = { a: T8, b: T8 }
type T8 = { a: T9, b: T9 }
type T9 = { a: T10, b: T10 }
type T10 = { a: T11, b: T11 }
type T11 = { a: T12, b: T12 }
type T12 = { a: T13, b: T13 }
type T13 = { a: T14, b: T14 }
type T14 = { x: int64 }
type Order = { order_id: int64 @key, customer: string, amount: decimal(12, 2), t: T0 }
source orders_csv: Order from inbox { path = "orders.jsonl" }
```

Mended:

```pipe
type Order = { order_id: int64 @key, customer: string, amount: decimal(12, 2), t: json }
source orders_csv: Order from inbox { path = "orders.jsonl" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("the type `{}` has more than {} fields", self.name, self.limit))
            .label("counted through all records inside")
            .help("keep what the program does not look into as `json`")
    }
}
