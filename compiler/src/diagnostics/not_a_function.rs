//! `not-a-function`: something called that is no function.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Something called that is no function.
pub struct NotAFunction {
    /// Where.
    pub span: Span,
    /// As written.
    pub what: String,
    /// Where the field was declared, if it is one.
    pub declared: Option<Span>,
}

impl Finding for NotAFunction {
    const NAME: &'static str = "not-a-function";
    const EXPLAIN: &'static str = "\
Only a name can be called, and it must be a function of the library or one that the program declares with `fn`. Methods do \
not exist: the value is the first argument.

```pipe
transform t from orders | derive n = note.length()
```

```pipe
transform t from orders | derive n = length(note)
```
";

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, "only a function can be called")
            .label("not a function");
        let diagnostic = match self.what.rsplit_once('.') {
            Some((value, method)) if !method.is_empty() => diagnostic.help(format!("write `{method}({value}, …)`")),
            _ => diagnostic,
        };
        match self.declared {
            Some(declared) => diagnostic.also(declared, format!("`{}` is a field", self.what)),
            None => diagnostic,
        }
    }
}
