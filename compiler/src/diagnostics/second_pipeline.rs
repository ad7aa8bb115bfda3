//! `second-pipeline`: a second `pipeline` block.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A second `pipeline` block.
pub struct SecondPipeline {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// Where the first one stands.
    pub first: Span,
}

impl Finding for SecondPipeline {
    const NAME: &'static str = "second-pipeline";
    const EXPLAIN: &'static str = r##"A program and everything it imports has exactly one `pipeline` block: its name is the identity under which positions are stored.

```pipe
pipeline other { }
```

Mended:

```pipe
pipeline shop { }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("a second pipeline `{}`", self.name.clone()))
            .label("one program, one pipeline")
            .also(self.first, "the first one")
            .help("remove one of them; a file that is imported needs none")
    }
}
