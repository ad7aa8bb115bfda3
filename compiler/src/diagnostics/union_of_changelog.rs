//! `union-of-changelog`: a union of versions of rows.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A union of versions of rows.
pub struct UnionOfChangelog {
    /// The input
    pub name: String,
    /// What it is
    pub kind: String,
    /// Where.
    pub span: Span,
    /// Where the kind was decided.
    pub decided: Span,
}

impl Finding for UnionOfChangelog {
    const NAME: &'static str = "union-of-changelog";
    const EXPLAIN: &'static str = r##"Two tables read as one have no common order: a row that both hold is deleted by one and written by the other, in either order.

```pipe
topic orders: Order from orders_csv { kind = changelog }
transform other from orders
  | where amount > 5.00
transform big from orders, other
```

Mended:

```pipe
topic orders: Order from orders_csv
transform other from orders
  | where amount > 5.00
transform big from orders, other
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("`{}` is `{}`, and cannot be read together with others", self.name, self.kind))
            .label("versions of rows")
            .also(self.decided, "a changelog since here")
            .help("write `| as events` in a transform before")
            .note("a row that both have would be deleted by one and kept by the other")
    }
}
