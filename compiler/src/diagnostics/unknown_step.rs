//! `unknown-step`: a word that begins no step.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::hints;

/// A word that begins no step.
pub struct UnknownStep {
    /// The word
    pub word: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
}

impl Finding for UnknownStep {
    const NAME: &'static str = "unknown-step";
    const EXPLAIN: &'static str = r##"A transform is a chain of steps, each after a `|`. Words of other languages are understood as far as possible, and answered with the
step that does it here.

```pipe
transform big from orders
  | filter amount > 100.00
```

Mended:

```pipe
transform big from orders
  | where amount > 100.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("unknown step `{}`", self.word))
            .label("no step is called that");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.word, self.span, &closest),
            None if hints::step(&self.word).is_some() => diagnostic.help(hints::step(&self.word).unwrap_or_default()),
            None => diagnostic.help("steps are: where, check, derive, select, drop, rename, as events, as table"),
        }
    }
}
