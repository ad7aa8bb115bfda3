//! `unused-declaration`: a declaration that nothing uses.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A declaration that nothing uses.
pub struct UnusedDeclaration {
    /// What it is
    pub what: &'static str,
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// What to do.
    pub help: String,
}

impl Finding for UnusedDeclaration {
    const NAME: &'static str = "unused-declaration";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"Something is declared that nothing reads. For a transform or a source that means: nothing of it runs. Often a name was misspelt elsewhere,
or the reader was forgotten. A topic that this program writes is not reported: others may read it.

```pipe
param least: int64 = 5
```

Mended:

```pipe
param least: decimal(12, 2) = 5.00
transform big from orders
  | where amount > least
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, format!("the {} `{}` is never used", self.what, self.name))
            .label("not used")
            .help(self.help)
    }
}
