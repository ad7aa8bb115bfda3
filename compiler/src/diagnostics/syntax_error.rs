//! `syntax-error`: something else was expected here.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::hints;

/// Something else was expected here.
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What stands there, empty at the end
    pub found: String,
    /// What could stand there
    pub expected: Vec<String>,
    /// What it is in
    pub within: Option<String>,
}

impl Finding for SyntaxError {
    const NAME: &'static str = "syntax-error";
    const EXPLAIN: &'static str = r##"The text cannot be read from here on. Only the declaration around it is affected: the others are checked all the same, and whoever
reads the broken one is not blamed for it.

```pipe
sink big_orders from big to { table = "big_orders" }
```

The connection was missing:

```pipe
sink big_orders from big to warehouse { table = "big_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let hint = if self.found.starts_with("the end") && self.expected.iter().any(|it| it == "`else`") {
            Some("an `if` gives a value either way: add `else …`")
        } else {
            hints::unexpected(&self.found, self.within.as_deref().unwrap_or_default())
        };
        let within = self.within.map(|it| format!(" in {it}")).unwrap_or_default();
        let message = match self.found.as_str() {
            "" => format!("something is missing{within}"),
            found if found.starts_with("the end") => format!("{found} comes too early{within}"),
            found if found.starts_with('`') => format!("unexpected {found}{within}"),
            found => format!("unexpected `{found}`{within}"),
        };
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message);
        let diagnostic = match hint {
            Some(hint) => diagnostic.help(hint),
            None => diagnostic,
        };
        match self.expected.as_slice() {
            [] => diagnostic.label("does not belong here"),
            [one] => diagnostic.label(format!("expected {one}")),
            [others @ .., last] => diagnostic.label(format!("expected {} or {last}", others.join(", "))),
        }
    }
}
