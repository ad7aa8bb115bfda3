//! `empty-key`: a key that is empty text where something is missing.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A key that is empty text where something is missing.
pub struct EmptyKey {
    /// The topic.
    pub topic: String,
    /// Where.
    pub span: Span,
}

impl Finding for EmptyKey {
    const NAME: &'static str = "empty-key";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"An empty key is a key like any other to Pipewright and to Java clients: all such records go to one partition. librdkafka, which most
clients in other languages are built on, takes it as "no key" and places each record at random. If one of those writes to the topic,
or a program in another language looks for the record, the two disagree. A word says what is meant, and is placed alike by all.

```pipe
topic orders: Order from orders_csv { partition_key = country ?? "", partitions = 6 }
```

Mended:

```pipe
topic orders: Order from orders_csv { partition_key = country ?? "unknown", partitions = 6 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("the key of `{}` may be empty text", self.topic);
        Diagnostic::warning(Self::NAME, self.span, message)
            .label("empty where nothing is known")
            .help("write a word, such as `\"unknown\"`")
            .choice("write `\"unknown\"`", self.span, "\"unknown\"")
            .note("other clients place an empty key in any partition, Pipewright and Java in one")
    }
}
