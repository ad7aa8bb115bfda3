//! `not-yet`: something that this version cannot do.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Something that this version cannot do.
pub struct NotYet {
    /// What
    pub what: String,
    /// Where.
    pub span: Span,
}

impl Finding for NotYet {
    const NAME: &'static str = "not-yet";
    const EXPLAIN: &'static str = r##"The language has it, this version does not run it yet. It is refused, and not skipped, because a program that silently leaves out a step
or an option gives other results than it says.

```pipe
transform big from orders
  | dedupe by order_id within 1h
```

Without it:

```pipe
transform big from orders
  | where amount > 100.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("{}: not yet in this version", self.what))
            .label("known, and not built yet")
            .help("leave it out for now")
    }
}
