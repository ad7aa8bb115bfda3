//! `upsert-order`: an upsert whose rows come through several partitions.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An upsert whose rows come through several partitions.
pub struct UpsertOrder {
    /// The sink
    pub sink: String,
    /// Its key
    pub key: Vec<String>,
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
    /// What places its records
    pub partition_key: Option<(Span, String)>,
    /// The topic
    pub topic_span: Span,
    /// This program writes the topic
    pub owned: bool,
}

impl Finding for UpsertOrder {
    const NAME: &'static str = "upsert-order";
    const EXPLAIN: &'static str = r##"Kafka keeps the order of records within a partition, not between partitions. If two versions of one row lie in two partitions, two readers
write the row in either order, and sometimes the older one stays, for ever. An upsert is right when its key determines the partition: all
versions of a row then come through one partition. A column that grows with every version (`version = updated_at`) makes it right, too.

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { kind = changelog, partition_key = customer, partitions = 6 }
sink big_orders from big to warehouse { table = "big_orders", write = upsert, key = order_id }
```

Mended (a `customer` that is `@fixed` for an order would do as well):

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { kind = changelog, partition_key = order_id, partitions = 6 }
sink big_orders from big to warehouse { table = "big_orders", write = upsert, key = order_id }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let key = self.key.join(", ");
        let (at, reason, help) = match (self.partition_key, self.owned) {
            (Some((span, text)), true) => {
                let help = format!("partition `{}` by `{key}`, or add `version = FIELD` to the sink", self.topic);
                (span, format!("records are placed by `{text}`, which `{key}` does not determine"), help)
            }
            (Some((span, text)), false) => {
                let help = "add `version = FIELD`: the greatest version wins".to_string();
                (span, format!("records are placed by `{text}`, which `{key}` does not determine"), help)
            }
            (None, true) => {
                let help = format!("add `partition_key = {key}` to `{}`", self.topic);
                (self.topic_span, "its records are not placed by this key".to_string(), help)
            }
            (None, false) => {
                let help = format!("if its writers use that key, say so: `key = {key}` at `{}`", self.topic);
                (self.topic_span, "how others place its records is not said".to_string(), help)
            }
        };
        Diagnostic::error(Self::NAME, self.span, format!("rows of `{}` come through several partitions", self.sink))
            .label("the key of the upsert")
            .also(at, reason)
            .help(help)
            .note("two partitions could write the same row in either order, and an old version could win")
    }
}
