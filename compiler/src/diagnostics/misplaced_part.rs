//! `misplaced-part`: a part that does not belong to this declaration.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A part that does not belong to this declaration.
pub struct MisplacedPart {
    /// The part
    pub what: String,
    /// The declaration
    pub within: String,
    /// Where.
    pub span: Span,
}

impl Finding for MisplacedPart {
    const NAME: &'static str = "misplaced-part";
    const EXPLAIN: &'static str = r##"Each declaration has its parts: a sink writes what it is given and has no steps, a source has no `to`. What stands in the wrong place
would not be done.

```pipe
sink big_orders from big to warehouse { table = "big_orders" }
  | where amount > 200.00
```

The step belongs to a transform:

```pipe
transform big from orders
  | where amount > 200.00
sink big_orders from big to warehouse { table = "big_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("{} takes no {}", self.within, self.what))
            .label("not here")
            .help(match (self.within.as_str(), self.what.as_str()) {
                ("a transform", "options") => "each step begins with `|`: `| where amount > 0`",
                ("a sink", "steps") => "write a `transform` with the steps, and read it: `sink NAME from TRANSFORM to …`",
                ("a topic", "steps") => "write a `transform` with the steps, and read it: `topic NAME from TRANSFORM`",
                _ => "steps belong to a transform, `to` to a sink, options stand in braces",
            })
    }
}
