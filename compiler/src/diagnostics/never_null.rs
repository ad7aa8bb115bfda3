//! `never-null`: a test or a fallback for a null that never comes.

use pipewright_grammar::Span;
use pipewright_plan::Type;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A test or a fallback for a null that never comes.
pub struct NeverNull {
    /// The value as written.
    pub what: String,
    /// Where.
    pub span: Span,
    /// Its type.
    pub ty: Type,
    /// A condition before has tested it already.
    pub tested: bool,
    /// Where the field was declared.
    pub declared: Option<(Span, String)>,
    /// `?? …` that is never needed: what to underline, and what to remove.
    pub dead: Option<(Span, Span)>,
}

impl Finding for NeverNull {
    const NAME: &'static str = "never-null";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = "\
A type without `?` never holds null, and neither does a field that `where x is not null` has tested. A test for null there, or \
a fallback with `??`, does nothing; often the type lacks a `?` that the data needs.

```pipe
type Order = { id: int64, note: string }
transform t from orders | derive text = note ?? \"none\"
```

Either the fallback goes, or the type says that a note may be missing:

```pipe
type Order = { id: int64, note: string? }
transform t from orders | derive text = note ?? \"none\"
```
";

    fn diagnostic(self) -> Diagnostic {
        let message =
            if self.tested { format!("`{}` cannot be null here", self.what) } else { format!("`{}` is never null", self.what) };
        let label = if self.tested { "has been tested before".to_owned() } else { format!("this is `{}`", self.ty) };
        let diagnostic = Diagnostic::warning(Self::NAME, self.span, message).label(label);
        let diagnostic = match self.dead {
            Some((dead, tail)) => {
                diagnostic.also(dead, "never needed").help("remove the fallback").fix("remove the fallback", tail, "")
            }
            None => diagnostic.help("remove the test, or declare the field with `?` if it may be missing"),
        };
        match self.declared {
            Some((span, text)) => diagnostic.also(span, text),
            None => diagnostic,
        }
    }
}
