//! `map-key-type`: a map whose keys are no strings.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A map whose keys are no strings.
pub struct MapKeyType {
    /// The type of the keys
    pub found: String,
    /// Where.
    pub span: Span,
}

impl Finding for MapKeyType {
    const NAME: &'static str = "map-key-type";
    const EXPLAIN: &'static str = r##"The keys of a map are strings, because JSON and every schema format know no others.

```pipe
type Order = { order_id: int64 @key, prices: map<int64, string>, amount: decimal(12, 2) }
```

Mended:

```pipe
type Order = { order_id: int64 @key, prices: map<string, string>, amount: decimal(12, 2) }
source orders_csv: Order from inbox { path = "orders.jsonl" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("the keys of a map are `string`, not `{}`", self.found))
            .help("write `map<string, …>`")
            .choice("write `string`", self.span, "string")
    }
}
