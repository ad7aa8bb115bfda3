//! `partitioner-implicit`: order that rests on how others place their keys.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// Order that rests on how others place their keys.
pub struct PartitionerImplicit {
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
    /// The sink
    pub sink: String,
    /// The sink
    pub sink_span: Span,
    /// For each partitioner, where it would be said.
    pub edits: Vec<(&'static str, (Span, String))>,
}

impl Finding for PartitionerImplicit {
    const NAME: &'static str = "partitioner-implicit";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"Java clients place keys by murmur2, librdkafka (Python, Go, .NET) by CRC32 unless told otherwise: of 30 partitions they agree for 3 % of
the keys. If a topic has writers of both kinds, the versions of one row lie in two partitions and overtake each other. `partitioner` says
which one all of them use.

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order { kind = changelog }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS") }
topic orders: Order { kind = changelog, partitioner = murmur2 }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::warning(Self::NAME, self.span, format!("how the writers of `{}` place their keys is not said", self.topic))
            .label("written by others")
            .also(self.sink_span, format!("`{}` needs all versions of a row in one partition", self.sink))
            .help("write `partitioner = murmur2` (Java clients, Pipewright) or `consistent` (librdkafka's default)")
            .note("if two writers use different functions, one key lies in two partitions, and an old version can win");
        self.edits.into_iter().fold(diagnostic, |it, (partitioner, (span, text))| {
            it.choice(format!("add `partitioner = {partitioner}`"), span, text)
        })
    }
}
