//! `unknown-connection`: a connection that is not declared.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A connection that is not declared.
pub struct UnknownConnection {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
}

impl Finding for UnknownConnection {
    const NAME: &'static str = "unknown-connection";
    const EXPLAIN: &'static str = r##"A connection is declared once, with `connection NAME = KIND { … }`, and named wherever something lies there.

```pipe
sink big_orders from big to warehous { table = "big_orders" }
```

Mended:

```pipe
sink big_orders from big to warehouse { table = "big_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("there is no connection `{}`", self.name))
            .label("not declared");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.name, self.span, &closest),
            None => diagnostic,
        }
    }
}
