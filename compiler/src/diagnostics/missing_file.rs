//! `missing-file`: a file that cannot be read.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A file that cannot be read.
pub struct MissingFile {
    /// The path
    pub path: String,
    /// Why not
    pub reason: String,
    /// Where.
    pub span: Span,
}

impl Finding for MissingFile {
    const NAME: &'static str = "missing-file";
    const EXPLAIN: &'static str = r##"An imported file, or the program itself, cannot be read. The path of an import is relative to the folder of the file that imports.

```pipe
import "nowhere.pipe"
```

With a file that is there:

```pipe
import "types.pipe"
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("cannot read `{}`", self.path))
            .label(self.reason)
            .help("paths of imports are relative to the file they stand in")
    }
}
