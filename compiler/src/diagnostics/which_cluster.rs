//! `which-cluster`: a topic that does not say on which cluster it lives.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A topic that does not say on which cluster it lives.
pub struct WhichCluster {
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
    /// What `on` stands behind: the name, or its type.
    pub end: Span,
    /// The clusters of the program
    pub clusters: Vec<(String, Span)>,
}

impl Finding for WhichCluster {
    const NAME: &'static str = "which-cluster";
    const EXPLAIN: &'static str = r##"With one Kafka connection in the program, topics live there. With several, each topic says which one.

```pipe
connection bus = kafka { embedded = true }
connection other = kafka { embedded = true }
```

Mended:

```pipe
connection bus = kafka { embedded = true }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        match self.clusters.first() {
            None => Diagnostic::error(Self::NAME, self.span, format!("there is no cluster for the topic `{}`", self.topic))
                .label("topics live in Kafka")
                .help("add `connection bus = kafka { embedded = true }`, or `brokers = …`"),
            Some((name, _)) => {
                let message = format!("on which cluster does the topic `{}` live?", self.topic);
                let first = Diagnostic::error(Self::NAME, self.span, message)
                    .label("there are several")
                    .help(format!("write `topic {} on {name}`", self.topic));
                self.clusters.iter().fold(first, |it, (name, span)| {
                    it.also(*span, "a cluster").choice(format!("write `on {name}`"), self.end.after(), format!(" on {name}"))
                })
            }
        }
    }
}
