//! `missing-type`: a node whose records are not known.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A node whose records are not known.
pub struct MissingType {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
}

impl Finding for MissingType {
    const NAME: &'static str = "missing-type";
    const EXPLAIN: &'static str = r##"What comes from outside must be described: which fields it has, of which types. What does not fit then is a bad record with a reason, and
not a null somewhere downstream.

```pipe
source orders_csv from inbox { path = "orders.csv" }
```

Mended:

```pipe
source orders_csv: Order from inbox { path = "orders.csv" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("the records of `{}` are not known", self.name))
            .label("it needs a type")
            .help(format!("write `{}: TYPE`", self.name))
    }
}
