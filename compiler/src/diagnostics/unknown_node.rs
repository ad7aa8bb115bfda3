//! `unknown-node`: a node that is not declared.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A node that is not declared.
pub struct UnknownNode {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
}

impl Finding for UnknownNode {
    const NAME: &'static str = "unknown-node";
    const EXPLAIN: &'static str = r##"What a node reads must be declared somewhere in the program: a source, a topic or a transform.

```pipe
sink big_orders from bigs to warehouse { table = "big_orders" }
```

Mended:

```pipe
sink big_orders from big to warehouse { table = "big_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("there is no node `{}`", self.name))
            .label("not declared");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.name, self.span, &closest),
            None => diagnostic,
        }
    }
}
