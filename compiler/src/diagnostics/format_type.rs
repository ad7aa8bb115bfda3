//! `format-type`: a field that a format cannot carry.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A field that a format cannot carry.
pub struct FormatType {
    /// The format
    pub format: &'static str,
    /// The field
    pub field: String,
    /// Why not
    pub why: String,
    /// Where.
    pub span: Span,
    /// Where it was declared, if that is known.
    pub declared: Option<Span>,
}

impl Finding for FormatType {
    const NAME: &'static str = "format-type";
    const EXPLAIN: &'static str = r##"Not every format can hold every type: a cell of CSV holds one value, no list. What is written must come back as it was when it is read.

```pipe
type Order = { order_id: int64 @key, items: list<string>, amount: decimal(12, 2) }
source orders_csv: Order from inbox { path = "orders.csv", format = csv }
```

Mended:

```pipe
type Order = { order_id: int64 @key, items: list<string>, amount: decimal(12, 2) }
source orders_csv: Order from inbox { path = "orders.jsonl", format = json }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic =
            Diagnostic::error(Self::NAME, self.span, format!("`{}` cannot carry the field `{}`", self.format, self.field))
                .label(self.why);
        match self.declared {
            Some(span) => diagnostic.also(span, "declared here"),
            None => diagnostic,
        }
    }
}
