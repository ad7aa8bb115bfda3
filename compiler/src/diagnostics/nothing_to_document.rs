//! `nothing-to-document`: `##` where nothing follows that it could document.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// `##` where nothing follows that it could document.
pub struct NothingToDocument {
    /// Where.
    pub span: Span,
}

impl Finding for NothingToDocument {
    const NAME: &'static str = "nothing-to-document";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"`##` is a doc comment: it is carried into the plan, the schema, and the comments of the table in the database. Where nothing follows, it
would be lost without a word. A comment for readers of the file is written with one `#`.

```pipe
## the end
```

Mended:

```pipe
# the end
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, "nothing to document here")
            .label("nothing follows that this could describe")
            .help("write `#` for a comment, or put it above a declaration, a field or an option")
    }
}
