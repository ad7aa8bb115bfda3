//! `message-size-mismatch`: records that the program would send and the brokers refuse.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// Records that the program would send and the brokers refuse.
pub struct MessageSizeMismatch {
    /// What the program would send.
    pub bytes: u64,
    /// What a broker takes.
    pub limit: u64,
    /// Where.
    pub span: Span,
    /// A topic it would be sent to.
    pub topic: String,
    /// Where that is.
    pub place: Span,
}

impl Finding for MessageSizeMismatch {
    const NAME: &'static str = "message-size-mismatch";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"Three limits must agree: what the client sends (`message.max.bytes`), what the broker takes into the topic (`max.message.bytes`,
1 MiB if nobody has changed it), and what readers fetch. If the client may send more than the broker takes, a large record is read
from its source and refused by the broker, and the run stops at it. If the brokers of this cluster do take more, say so with
`# pipewright: allow(message-size-mismatch)`.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "message.max.bytes" = 8MiB } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS") }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("records of up to {} bytes may be sent, and refused", self.bytes);
        Diagnostic::warning(Self::NAME, self.span, message)
            .label("more than a broker takes unless it was told to")
            .also(self.place, format!("`{}` takes {} bytes if the brokers' default holds", self.topic, self.limit))
            .help("leave it out, or raise `max.message.bytes` of the topic on the brokers, too")
            .note("a record that the broker refuses stops the run")
    }
}
