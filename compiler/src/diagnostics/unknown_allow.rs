//! `unknown-allow`: `allow(…)` of a name that no lint has.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// `allow(…)` of a name that no lint has.
pub struct UnknownAllow {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
    /// It is the name of an error.
    pub is_error: bool,
}

impl Finding for UnknownAllow {
    const NAME: &'static str = "unknown-allow";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"`# pipewright: allow(name)` takes away lints of that name on its own line and on the next line with code. A misspelt one silences
nothing, and would stand there for ever. What is an error wherever it is found, such as `unknown-field`, is no lint and cannot be
allowed: the program would have no meaning.

```pipe
# pipewright: allow(unused-declaratoin)
param least: int64 = 5
```

Mended:

```pipe
# pipewright: allow(unused-declaration)
param least: int64 = 5
```
"##;

    fn diagnostic(self) -> Diagnostic {
        if self.is_error {
            return Diagnostic::warning(Self::NAME, self.span, format!("`{}` is an error and cannot be allowed", self.name))
                .label("silences nothing")
                .help("remove the comment, and mend what it was written for");
        }
        let diagnostic = Diagnostic::warning(Self::NAME, self.span, format!("nothing is called `{}`", self.name))
            .label("silences nothing");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.name, self.span, &closest),
            None => diagnostic,
        }
    }
}
