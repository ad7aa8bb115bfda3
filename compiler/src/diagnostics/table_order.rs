//! `table-order`: `as table` by a key that does not determine the partition.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// `as table` by a key that does not determine the partition.
pub struct TableOrder {
    /// The key
    pub key: Vec<String>,
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
    /// The topic
    pub topic_span: Span,
}

impl Finding for TableOrder {
    const NAME: &'static str = "table-order";
    const EXPLAIN: &'static str = r##"`as table by K` says: the last record per K is the row. "Last" has a meaning only within a partition, so all records of one K must be in
one.

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { key = order_id, partitions = 6 }
transform big from orders
  | as table by customer
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { key = customer, partitions = 6 }
transform big from orders
  | as table by customer
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let key = self.key.join(", ");
        Diagnostic::error(Self::NAME, self.span, format!("records with the same `{key}` lie in several partitions"))
            .label("the key of the table")
            .also(self.topic_span, format!("`{}` does not place its records by it", self.topic))
            .help(format!("partition `{}` by `{key}`", self.topic))
            .note("which record is the last one would depend on which partition is read first")
    }
}
