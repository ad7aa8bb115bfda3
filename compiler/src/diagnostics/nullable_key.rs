//! `nullable-key`: a key that may be null.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A key that may be null.
pub struct NullableKey {
    /// Which key
    pub what: String,
    /// The key as written
    pub text: String,
    /// Where.
    pub span: Span,
    /// What could stand behind `??`
    pub suggestion: &'static str,
}

impl Finding for NullableKey {
    const NAME: &'static str = "nullable-key";
    const EXPLAIN: &'static str = r##"Records without a key are spread over all partitions: two versions of the same row can overtake each other, and a compacted topic refuses
them.

```pipe
type Order = { order_id: int64 @key, customer: string?, amount: decimal(12, 2) }
topic orders: Order from orders_csv { partition_key = customer }
```

Mended:

```pipe
type Order = { order_id: int64 @key, customer: string?, amount: decimal(12, 2) }
topic orders: Order from orders_csv { partition_key = customer ?? "unknown" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("{} may be null", self.what))
            .label("this may be null")
            .help(format!("write `{} ?? {}`, or filter before: `| where {} is not null`", self.text, self.suggestion, self.text))
            .note("records without a key go to any partition: their order is lost, and a compacted topic refuses them");
        let text = format!("{} ?? {}", self.text, self.suggestion);
        let compound = self.text.contains(' ') || self.suggestion == "…";
        if compound { diagnostic } else { diagnostic.choice(format!("write `{text}`"), self.span, text) }
    }
}
