//! `partitions-inherited`: a topic without a number of partitions.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A topic without a number of partitions.
pub struct PartitionsInherited {
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
    /// The cluster
    pub cluster: Span,
    /// Where the number goes.
    pub edit: (Span, String),
}

impl Finding for PartitionsInherited {
    const NAME: &'static str = "partitions-inherited";
    const EXPLAIN: &'static str = r##"The number of partitions bounds how much can be read in parallel, and it decides where each key lies. It cannot be changed later without
moving keys: from 6 to 8 partitions three of four keys move, and their old and new records are read in any order. So it is not left to
the broker's default, which is 1. An embedded cluster has 1.

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { partitions = 6 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("how many partitions has the topic `{}`?", self.topic))
            .label("not said")
            .also(self.cluster, "not embedded: the number stays for the life of the topic")
            .help("add `partitions = 6`")
            .choice("add `partitions = 6`", self.edit.0, self.edit.1)
            .note("with more partitions later, a key moves to another partition, and its old and new versions race")
    }
}
