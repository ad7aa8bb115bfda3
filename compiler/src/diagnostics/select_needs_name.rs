//! `select-needs-name`: a selected expression without a name.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A selected expression without a name.
pub struct SelectNeedsName {
    /// Where.
    pub span: Span,
    /// The expression
    pub text: String,
}

impl Finding for SelectNeedsName {
    const NAME: &'static str = "select-needs-name";
    const EXPLAIN: &'static str = r##"A field that is passed on keeps its name. One that is computed needs one: it becomes the column of a table.

```pipe
transform big from orders
  | select order_id, amount * 2
```

Mended:

```pipe
transform big from orders
  | select order_id, doubled = amount * 2
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, "this field needs a name")
            .label("an expression, not a field")
            .help(format!("write `NAME = {}`", self.text))
    }
}
