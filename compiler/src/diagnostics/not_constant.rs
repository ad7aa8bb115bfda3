//! `not-constant`: a value that must be known before any record is read.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A value that must be known before any record is read.
pub struct NotConstant {
    /// Where.
    pub span: Span,
    /// What it is: "the pattern of `like`".
    pub what: String,
    /// How it is written.
    pub example: String,
}

impl Finding for NotConstant {
    const NAME: &'static str = "not-constant";
    const EXPLAIN: &'static str = "\
Patterns, names of headers and option values are read once, before the first record: patterns are compiled then, and an \
option cannot change from record to record. Literals, parameters (`param`) and what is computed of them are constants; \
fields, `now()` and `random()` are not.

```pipe
transform t from orders | where note like pattern_column
```

```pipe
param wanted: string = \"urgent%\"
transform t from orders | where note like wanted
```
";

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("{} must be a constant", self.what))
            .label("differs from record to record")
            .help(if self.example.is_empty() {
                "write a literal, or a `param`".to_owned()
            } else {
                format!("written like `{}`", self.example)
            })
    }
}
