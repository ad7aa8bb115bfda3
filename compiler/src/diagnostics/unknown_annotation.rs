//! `unknown-annotation`: an annotation that does not exist, or with wrong arguments.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An annotation that does not exist, or with wrong arguments.
pub struct UnknownAnnotation {
    /// What is wrong
    pub problem: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
    /// All of them
    pub known: String,
    /// The name is right
    pub is_known: bool,
}

impl Finding for UnknownAnnotation {
    const NAME: &'static str = "unknown-annotation";
    const EXPLAIN: &'static str = r##"Annotations say what the type cannot: `@key` identifies the row, `@fixed` never changes for a key, `@pii` is personal data,
`@json("name")` is the name on the wire, `@deprecated`. A misspelt `@pii` would let personal data into dead letters.

```pipe
type Order = { order_id: int64 @kye, customer: string, amount: decimal(12, 2) }
```

Mended:

```pipe
type Order = { order_id: int64 @key, customer: string, amount: decimal(12, 2) }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, self.problem);
        match (self.closest, self.is_known) {
            (Some(closest), _) => {
                diagnostic.help(format!("did you mean `@{closest}`?")).fix(format!("write `{closest}`"), self.span, closest)
            }
            (None, true) => diagnostic.label("wrong in the parentheses"),
            (None, false) => diagnostic.help(format!("annotations are: {}", self.known)),
        }
    }
}
