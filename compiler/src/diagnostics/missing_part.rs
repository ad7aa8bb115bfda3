//! `missing-part`: a part that a declaration must have.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A part that a declaration must have.
pub struct MissingPart {
    /// The node
    pub node: String,
    /// What is missing
    pub part: &'static str,
    /// Where.
    pub span: Span,
}

impl Finding for MissingPart {
    const NAME: &'static str = "missing-part";
    const EXPLAIN: &'static str = r##"A source reads exactly one connection, a sink reads a node and writes to a connection.

```pipe
source orders_csv: Order from inbox, bus { path = "orders.csv" }
```

Mended:

```pipe
source orders_csv: Order from inbox { path = "orders.csv" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("{} needs {}", self.node, self.part))
            .label("here")
    }
}
