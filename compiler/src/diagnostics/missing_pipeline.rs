//! `missing-pipeline`: a program without a `pipeline` block.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A program without a `pipeline` block.
pub struct MissingPipeline {
    /// Where.
    pub span: Span,
}

impl Finding for MissingPipeline {
    const NAME: &'static str = "missing-pipeline";
    const EXPLAIN: &'static str = r##"Every program has exactly one `pipeline` block. Its name is the program's identity: consumer groups, stored positions and transactional
ids carry it. A name taken from the file's path would start from the beginning after a rename of the file.

```pipe

```

Mended, with a name that stays:

```pipe
pipeline shop { }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, "the program has no `pipeline` block")
            .help("begin with `pipeline NAME { }`")
            .note("the name is the program's identity: consumer groups, positions and transactional ids carry it")
    }
}
