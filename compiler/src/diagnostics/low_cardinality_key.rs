//! `low-cardinality-key`: a partition key with fewer values than partitions.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A partition key with fewer values than partitions.
pub struct LowCardinalityKey {
    /// The topic
    pub topic: String,
    /// How many values it has
    pub values: usize,
    /// How many partitions there are
    pub partitions: u32,
    /// Where.
    pub span: Span,
}

impl Finding for LowCardinalityKey {
    const NAME: &'static str = "low-cardinality-key";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"All records with one partition key lie in one partition. A key with three values fills at most three partitions, however many there are.

```pipe
connection bus = kafka { brokers = env("BROKERS") }
type Order = { order_id: int64 @key, status: "new" | "paid", amount: decimal(12, 2) }
topic orders: Order from orders_csv { partition_key = status, partitions = 6 }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS") }
type Order = { order_id: int64 @key, status: "new" | "paid", amount: decimal(12, 2) }
topic orders: Order from orders_csv { partition_key = order_id, partitions = 6 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` uses at most {} of its {} partitions", self.topic, self.values, self.partitions);
        Diagnostic::warning(Self::NAME, self.span, message)
            .label(format!("has {} values", self.values))
            .help("place records by a field with many values, such as an identifier")
            .note("the other partitions stay empty, and their readers idle")
    }
}
