//! `misplaced-test-row`: a row that cannot stand where it stands.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A row that cannot stand where it stands.
pub struct MisplacedTestRow {
    /// The row.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Finding for MisplacedTestRow {
    const NAME: &'static str = "misplaced-test-row";
    const EXPLAIN: &'static str = r##"`delete { … }` is a tombstone: only the topics of a changelog have them. `bytes "…"` is what cannot be written as a row: it can be given, and what
is expected are rows.

```pipe
test "large orders pass" {
  given orders [
    { order_id = 1, customer = "Ada", amount = 200.00 }
    delete { order_id = 1 }
  ]
  expect big_orders [
    bytes "1"
  ]
}
```

Mended:

```pipe
test "large orders pass" {
  given orders [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
  expect big_orders [
    { order_id = 1 }
  ]
}
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, self.message).label("not here").help(self.help)
    }
}
