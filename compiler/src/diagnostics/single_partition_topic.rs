//! `single-partition-topic`: a keyed topic with one partition.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A keyed topic with one partition.
pub struct SinglePartitionTopic {
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
}

impl Finding for SinglePartitionTopic {
    const NAME: &'static str = "single-partition-topic";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"One partition is read by one thread. A keyed topic keeps the order per key with any number of partitions, so nothing is gained by having
only one, and raising the number later moves keys.

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { partitions = 1 }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { partitions = 6 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, format!("all of `{}` goes through one partition", self.topic))
            .label("one reader at a time, for ever")
            .help("write `partitions = 6` or more; keys keep their order")
            .choice("write `partitions = 6`", self.span, "partitions = 6")
            .note("a partition is read by one thread of one process, and the number cannot be raised later without moving keys")
    }
}
