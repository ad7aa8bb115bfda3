//! `unknown-allow`: `allow(…)` of a name that no diagnostic has.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// `allow(…)` of a name that no diagnostic has.
pub struct UnknownAllow {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
}

impl Finding for UnknownAllow {
    const NAME: &'static str = "unknown-allow";
    const EXPLAIN: &'static str = r##"`# pipewright: allow(name)` takes away warnings of that name on its own line and on the next line with code. A misspelt one silences
nothing, and would stand there for ever.

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
        let diagnostic = Diagnostic::warning(Self::NAME, self.span, format!("nothing is called `{}`", self.name))
            .label("silences nothing");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.name, self.span, &closest),
            None => diagnostic,
        }
    }
}
