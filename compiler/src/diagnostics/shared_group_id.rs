//! `shared-group-id`: a client property that decides the group of the readers.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A client property that decides the group of the readers.
pub struct SharedGroupId {
    /// The property.
    pub property: String,
    /// Where.
    pub span: Span,
}

impl Finding for SharedGroupId {
    const NAME: &'static str = "shared-group-id";
    const EXPLAIN: &'static str = r##"Readers with one `group.id` share the partitions of a topic. Two programs in one group each see a part of the data, and which part
changes whenever one of them starts. Pipewright names the group of a stage after the pipeline and the stage; start the same program
twice, and the two share the work.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "group.id" = "reports" } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "client.id" = "reports" } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` would share the records with other programs", self.property);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("cannot be set")
            .help("remove it: each stage has a group of its own: `<pipeline>.<stage>`")
            .note("of two programs in one group each gets a part of the partitions, and neither sees all records")
    }
}
