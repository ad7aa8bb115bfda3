//! `unknown-format`: a format that does not exist.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A format that does not exist.
pub struct UnknownFormat {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
    /// All known ones.
    pub known: Vec<&'static str>,
}

impl Finding for UnknownFormat {
    const NAME: &'static str = "unknown-format";
    const EXPLAIN: &'static str = r##"A format says how bytes become records.

```pipe
topic orders: Order from orders_csv { format = jsn }
```

Mended:

```pipe
topic orders: Order from orders_csv { format = json }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic =
            Diagnostic::error(Self::NAME, self.span, format!("there is no format `{}`", self.name)).label("unknown format");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.name, self.span, &closest),
            None => diagnostic.help(format!("known in this version are: {}", self.known.join(", "))),
        }
    }
}
