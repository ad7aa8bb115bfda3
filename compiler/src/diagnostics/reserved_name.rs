//! `reserved-name`: a reserved word where a name stands.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A reserved word where a name stands.
pub struct ReservedName {
    /// The word
    pub word: String,
    /// Where.
    pub span: Span,
}

impl Finding for ReservedName {
    const NAME: &'static str = "reserved-name";
    const EXPLAIN: &'static str = r##"Reserved are `and or not in is like between if then else match true false null when otherwise`. A field of that name, say of a table
that exists already, is written in backticks.

```pipe
transform big from orders
  | derive match = amount > 100.00
```

Mended:

```pipe
transform big from orders
  | derive `match` = amount > 100.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("`{}` is a reserved word", self.word))
            .label("a name is expected here")
            .help(format!("write it in backticks: `` `{}` ``", self.word))
    }
}
