//! `unknown-field`: a field that a record does not have.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A field that a record does not have.
pub struct UnknownField {
    /// The record as written; empty for a record literal.
    pub base: String,
    /// The field.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The closest field.
    pub closest: Option<String>,
    /// All fields.
    pub known: Vec<String>,
}

impl Finding for UnknownField {
    const NAME: &'static str = "unknown-field";
    const EXPLAIN: &'static str = "\
A record has the fields that its type declares, no others.

```pipe
type Customer = { id: int64, address: { city: string, country: string } }
transform t from customers | where address.contry == \"NL\"
```

```pipe
transform t from customers | where address.country == \"NL\"
```
";

    fn diagnostic(self) -> Diagnostic {
        let owner = if self.base.is_empty() { "this record".to_owned() } else { format!("`{}`", self.base) };
        let message = format!("{owner} has no field `{}`", self.name);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message).label("unknown field");
        match self.closest {
            Some(closest) => diagnostic
                .did_you_mean(&self.name, self.span, &closest),
            None => diagnostic.help(format!("its fields are: {}", self.known.join(", "))),
        }
    }
}
