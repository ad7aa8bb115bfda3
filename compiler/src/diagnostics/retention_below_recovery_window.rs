//! `retention-below-recovery-window`: a topic that forgets within a day.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A topic that forgets within a day.
pub struct RetentionBelowRecoveryWindow {
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
}

impl Finding for RetentionBelowRecoveryWindow {
    const NAME: &'static str = "retention-below-recovery-window";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"Kafka deletes records after the retention, whether they were read or not. If the database is away for longer, say over night, they are
lost; the stage then stops and says how many.

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { partitions = 6, retention = 1h }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order from orders_csv { partitions = 6, retention = 7d }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, format!("`{}` forgets records within a day", self.topic))
            .label("shorter than an outage over night")
            .help("write `retention = 7d`")
            .choice("write `retention = 7d`", self.span, "retention = 7d")
            .note("if a sink is away for longer, records are deleted before they were read; the stage stops with `data-lost`")
    }
}
