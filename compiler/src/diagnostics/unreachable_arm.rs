//! `unreachable-arm`: a pattern of a `match` that never decides anything.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A pattern of a `match` that never decides anything.
pub struct UnreachableArm {
    /// The pattern.
    pub span: Span,
    /// The pattern before it that takes its values.
    pub first: Span,
    /// The pattern as written.
    pub pattern: String,
    /// The patterns before it cover every value there is.
    pub complete: bool,
}

impl Finding for UnreachableArm {
    const NAME: &'static str = "unreachable-arm";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = "\
The arms of a `match` are tried from top to bottom, and the first that fits decides. A pattern that stands there twice, or \
behind `_`, never does.

```pipe
derive weight = match status { \"new\" => 1, _ => 0, \"paid\" => 2 }
```

Put `_` last:

```pipe
derive weight = match status { \"new\" => 1, \"paid\" => 2, _ => 0 }
```
";

    fn diagnostic(self) -> Diagnostic {
        let message = format!("the pattern `{}` is never reached", self.pattern);
        let diagnostic = Diagnostic::warning(Self::NAME, self.span, message).label("never reached");
        if self.complete {
            diagnostic.also(self.first, "here every value has its arm already").help("remove the arm")
        } else {
            diagnostic.also(self.first, "this one comes first").help("remove one of them, or change their order")
        }
    }
}
