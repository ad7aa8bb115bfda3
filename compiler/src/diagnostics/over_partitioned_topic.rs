//! `over-partitioned-topic`: far more partitions than can be read at once.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// Far more partitions than can be read at once.
pub struct OverPartitionedTopic {
    /// The topic.
    pub topic: String,
    /// How many partitions there are.
    pub partitions: u32,
    /// Where.
    pub span: Span,
}

impl Finding for OverPartitionedTopic {
    const NAME: &'static str = "over-partitioned-topic";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"Each partition costs the brokers files, memory, and time whenever one of them fails; each reader asks for each of its partitions anew,
and records come in smaller batches that are compressed worse. More partitions than readers gain nothing: one process reads some
hundred thousand records in a second, so 12 to 60 are much for most topics. They cannot be made fewer later.

```pipe
topic orders: Order from orders_csv { partitions = 5000 }
```

Mended:

```pipe
topic orders: Order from orders_csv { partitions = 30 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` has {} partitions", self.topic, self.partitions);
        Diagnostic::warning(Self::NAME, self.span, message)
            .label("more than readers can use")
            .help("write as many as programs will read at once: `partitions = 30`")
            .choice("write `partitions = 30`", self.span, "partitions = 30")
            .note("each costs the brokers files, memory and time at a failover, and they cannot be made fewer later")
    }
}
