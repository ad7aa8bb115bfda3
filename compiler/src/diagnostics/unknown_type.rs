//! `unknown-type`: a type that does not exist.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A type that does not exist.
pub struct UnknownType {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
}

impl Finding for UnknownType {
    const NAME: &'static str = "unknown-type";
    const EXPLAIN: &'static str = r##"Types have one name each, so that a size is never a matter of taste: there is no `int`, because in one database it has 32 bits and in
another 64.

```pipe
type Order = { order_id: int @key, customer: text, amount: decimal(12, 2) }
```

Mended:

```pipe
type Order = { order_id: int64 @key, customer: string, amount: decimal(12, 2) }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic =
            Diagnostic::error(Self::NAME, self.span, format!("there is no type `{}`", self.name)).label("not declared");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.name, self.span, &closest),
            None => diagnostic.help("types are: bool, int32, int64, float64, decimal(p, s), string, bytes, uuid, date, time, timestamp, …"),
        }
    }
}
