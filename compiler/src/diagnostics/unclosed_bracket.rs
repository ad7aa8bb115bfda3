//! `unclosed-bracket`: a bracket or quote that is never closed.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A bracket or quote that is never closed.
pub struct UnclosedBracket {
    /// What was opened
    pub open: String,
    /// Where it was opened
    pub opened: Span,
    /// Where the closing one was missed
    pub span: Span,
}

impl Finding for UnclosedBracket {
    const NAME: &'static str = "unclosed-bracket";
    const EXPLAIN: &'static str = r##"A bracket or a quote was opened and the declaration ended before it was closed. The next declaration begins where its keyword stands in
the first column, so nothing after it is swallowed.

```pipe
topic orders: Order from orders_csv { key = order_id
```

Mended:

```pipe
topic orders: Order from orders_csv { key = order_id }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("`{}` is never closed", self.open))
            .label("the closing one was missed here")
            .also(self.opened, "opened here");
        let close = match self.open.as_str() {
            "(" => ")",
            "[" => "]",
            "{" => "}",
            _ => return diagnostic,
        };
        // Only a guess: it may have been meant to end earlier.
        let place = Span { end: self.span.start, ..self.span };
        let text = if close == "}" { " }" } else { close };
        diagnostic.help(format!("write `{close}` where it ends")).choice(format!("write `{close}` here"), place, text)
    }
}
