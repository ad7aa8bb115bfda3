//! `auto-create-topics`: a client property that decides whether a topic springs up when it is named.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A client property that decides whether a topic springs up when it is named.
pub struct AutoCreateTopics {
    /// The property.
    pub property: String,
    /// Where.
    pub span: Span,
}

impl Finding for AutoCreateTopics {
    const NAME: &'static str = "auto-create-topics";
    const EXPLAIN: &'static str = r##"A client that may create topics makes a new one out of a misspelt name: with one partition, one copy, and nothing in it. Reader and
writer both run without an error, and no record ever arrives. Pipewright creates the topics that the program feeds, as they are
declared, and nothing else; a topic of others that does not exist is an error.

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "allow.auto.create.topics" = true } }
```

Mended:

```pipe
connection bus = kafka { brokers = env("BROKERS"), client = { "metadata.max.age.ms" = 60000 } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` would create a topic for every slip of the finger", self.property);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("cannot be set")
            .help("remove it: topics of the program are created as they are declared")
            .note("a misspelt name becomes a new topic with one partition, and its reader waits for ever")
    }
}
