//! `foreign-spelling`: something spelt as in another language.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Something spelt as in another language.
pub struct ForeignSpelling {
    /// As written
    pub written: String,
    /// As it is spelt here
    pub here: String,
    /// Where.
    pub span: Span,
}

impl Finding for ForeignSpelling {
    const NAME: &'static str = "foreign-spelling";
    const EXPLAIN: &'static str = r##"What people bring from SQL, C or YAML is understood, and answered with the spelling of this language, so that every program is spelt
alike. `pipewright check --fix` writes it.

```pipe
transform big from orders
  | where amount > 100.00 && customer <> "test"
```

Mended:

```pipe
transform big from orders
  | where amount > 100.00 and customer != "test"
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let help = match self.written.as_str() {
            "||" => "write `or`; texts are joined with `concat(a, b)` or `f\"{a}{b}\"`".to_string(),
            _ => format!("write `{}`", self.here),
        };
        Diagnostic::error(Self::NAME, self.span, format!("`{}` is written `{}` here", self.written, self.here))
            .label("as in another language")
            .help(help)
    }
}
