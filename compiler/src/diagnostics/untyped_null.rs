//! `untyped-null`: `null` alone, as the value of a field.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// `null` alone, as the value of a field.
pub struct UntypedNull {
    /// The field
    pub name: String,
    /// Where.
    pub span: Span,
}

impl Finding for UntypedNull {
    const NAME: &'static str = "untyped-null";
    const EXPLAIN: &'static str = r##"A field that is always null has no type, and no database has a column for it.

```pipe
transform big from orders
  | derive note = null
```

Mended:

```pipe
transform big from orders
  | derive note = if amount > 100.00 then "big" else null
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("`{}` is null and nothing else: it has no type", self.name))
            .label("a null of which type?")
            .help("leave the field out, or say the type: `try_int64(\"\")`")
    }
}
