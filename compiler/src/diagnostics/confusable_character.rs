//! `confusable-character`: a character that looks like another one, or cannot be seen.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A character that looks like another one, or cannot be seen.
pub struct ConfusableCharacter {
    /// As written
    pub written: char,
    /// What it looks like
    pub looks_like: Option<char>,
    /// Where.
    pub span: Span,
}

impl Finding for ConfusableCharacter {
    const NAME: &'static str = "confusable-character";
    const EXPLAIN: &'static str = r##"Word processors and chat programs replace quotes, dashes and spaces by others that look the same. The program would not read as it
looks.

```pipe
sink big_orders from big to warehouse { table = “big_orders” }
```

Mended:

```pipe
sink big_orders from big to warehouse { table = "big_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let code = u32::from(self.written);
        match self.looks_like {
            Some(other) => {
                let message = format!("U+{code:04X} looks like `{other}` but is another character");
                Diagnostic::error(Self::NAME, self.span, message).label("copied from a document?").help(format!("write `{other}`"))
            }
            None => Diagnostic::error(Self::NAME, self.span, format!("U+{code:04X} cannot be seen"))
                .label("an invisible character")
                .help("remove it"),
        }
    }
}
