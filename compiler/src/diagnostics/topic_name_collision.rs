//! `topic-name-collision`: two topics that Kafka cannot tell apart.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Two topics that Kafka cannot tell apart.
pub struct TopicNameCollision {
    /// The second one
    pub topic: String,
    /// Its name in Kafka
    pub kafka: String,
    /// Where.
    pub span: Span,
    /// The first one
    pub first: Span,
    /// The names are equal
    pub same: bool,
}

impl Finding for TopicNameCollision {
    const NAME: &'static str = "topic-name-collision";
    const EXPLAIN: &'static str = r##"Two topics of a program are two topics in Kafka, too. With one name their records would be mixed; names that differ only in `.` and `_`
collide in Kafka's metrics, and the broker refuses the second one.

```pipe
type Log = { line: string }
source lines: Log from inbox { path = "lines.csv" }
topic logs: Log from lines { name = "orders" }
```

Mended:

```pipe
type Log = { line: string }
source lines: Log from inbox { path = "lines.csv" }
topic logs: Log from lines
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = match self.same {
            true => format!("two topics are called `{}` in Kafka", self.kafka),
            false => format!("Kafka's metrics cannot tell `{}` from another topic", self.kafka),
        };
        Diagnostic::error(Self::NAME, self.span, message)
            .label(if self.same { "the same topic again" } else { "`.` and `_` count as one" })
            .also(self.first, "the first one")
            .help(format!("give `{}` another `name`", self.topic))
            .note("records of both would be read as records of each")
    }
}
