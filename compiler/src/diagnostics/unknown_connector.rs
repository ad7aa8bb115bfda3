//! `unknown-connector`: a kind of connection that does not exist.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A kind of connection that does not exist.
pub struct UnknownConnector {
    /// The kind as written
    pub kind: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
    /// All known ones.
    pub known: Vec<&'static str>,
}

impl Finding for UnknownConnector {
    const NAME: &'static str = "unknown-connector";
    const EXPLAIN: &'static str = r##"The word after `=` says what is reached: a Kafka cluster, a database, files.

```pipe
connection warehouse = sqlit { path = "shop.db" }
```

Mended:

```pipe
connection warehouse = sqlite { path = "shop.db" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("there is no kind of connection `{}`", self.kind))
            .label("unknown kind");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.kind, self.span, &closest),
            None => diagnostic.help(format!("known are: {}", self.known.join(", "))),
        }
    }
}
