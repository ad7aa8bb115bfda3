//! `replication-factor-one`: a topic without a second copy.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A topic without a second copy.
pub struct ReplicationFactorOne {
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
}

impl Finding for ReplicationFactorOne {
    const NAME: &'static str = "replication-factor-one";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"With one copy a topic is lost with its broker, and cannot be written while the broker restarts. For a broker on `localhost`, or in an
environment called `dev`, `local`, `test` or `ci`, nothing is said.

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { partitions = 6, replication = 1 }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { partitions = 6, replication = 3 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, format!("`{}` has one copy", self.topic))
            .label("lost with its broker")
            .help("write `replication = 3`, or leave it to the broker")
            .choice("write `replication = 3`", self.span, "replication = 3")
            .note("with one copy, acknowledged records are gone when the broker's disk is, and nothing can be written while it restarts")
    }
}
