//! `bad-escape`: an escape that does not exist.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An escape that does not exist.
pub struct BadEscape {
    /// The escape
    pub escape: String,
    /// Where.
    pub span: Span,
}

impl Finding for BadEscape {
    const NAME: &'static str = "bad-escape";
    const EXPLAIN: &'static str = r##"In text a backslash begins an escape: `\"`, `\\`, `\/`, `\n`, `\t`, `\r`, `\b`, `\f`, `\u{1F600}`. Regular expressions stand in
`r"…"`, where a backslash is a backslash.

```pipe
transform big from orders
  | where customer != "C:\data"
```

Mended:

```pipe
transform big from orders
  | where customer != "C:\\data"
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("there is no escape `{}`", self.escape))
            .label("unknown escape")
            .help("write `\\\\` for a backslash; escapes are \\\" \\\\ \\/ \\n \\t \\r \\b \\f \\u{…}")
    }
}
