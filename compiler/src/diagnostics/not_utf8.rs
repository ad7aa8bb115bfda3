//! `not-utf8`: a file that is not UTF-8.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A file that is not UTF-8.
pub struct NotUtf8 {
    /// The path
    pub path: String,
    /// The first byte that is not
    pub byte: usize,
    /// Its line
    pub line: usize,
    /// Where.
    pub span: Span,
}

impl Finding for NotUtf8 {
    const NAME: &'static str = "not-utf8";
    const EXPLAIN: &'static str = r##"Programs are UTF-8. In another encoding a letter outside ASCII would become another letter, in a table name or in a comparison.

```pipe
param city: string = "Köln"
transform big from orders
  | where customer == city
```

The same, saved as UTF-8:

```pipe
param city: string = "Köln"
transform big from orders
  | where customer == city
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("`{}` is not UTF-8: byte {} in line {}", self.path, self.byte, self.line))
            .help("save the file as UTF-8")
    }
}
