//! `empty-file`: a file without a declaration.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A file without a declaration.
pub struct EmptyFile {
    /// The path
    pub path: String,
    /// Where.
    pub span: Span,
}

impl Finding for EmptyFile {
    const NAME: &'static str = "empty-file";
    const EXPLAIN: &'static str = r##"The file holds no declaration: it is empty, or all of it is a comment. That is hardly what was meant by running or importing it.

```pipe
# nothing but a comment
```

A program begins with its name:

```pipe
pipeline shop { }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("`{}` declares nothing", self.path))
            .label("nothing is declared here")
            .help("begin with `pipeline NAME { }`, or see `pipewright new`")
    }
}
