//! `missing-parentheses`: a function that is named but not called.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A function that is named but not called.
pub struct MissingParentheses {
    /// The function.
    pub name: String,
    /// Where.
    pub span: Span,
    /// It can be called without arguments.
    pub no_arguments: bool,
}

impl Finding for MissingParentheses {
    const NAME: &'static str = "missing-parentheses";
    const EXPLAIN: &'static str = "\
A function is called with parentheses, also without arguments. Without them the name would mean a field.

```pipe
transform t from orders | derive seen_at = now
```

```pipe
transform t from orders | derive seen_at = now()
```
";

    fn diagnostic(self) -> Diagnostic {
        let diagnostic =
            Diagnostic::error(Self::NAME, self.span, format!("`{}` is a function, not a field", self.name))
                .label("not called");
        if self.no_arguments {
            let call = format!("{}()", self.name);
            diagnostic.help(format!("write `{call}`")).fix("call it", self.span, call)
        } else {
            diagnostic.help(format!("write `{}(…)`", self.name))
        }
    }
}
