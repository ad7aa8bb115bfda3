//! `test-not-run`: a `test` block.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A `test` block.
pub struct TestNotRun {
    /// Where.
    pub span: Span,
}

impl Finding for TestNotRun {
    const NAME: &'static str = "test-not-run";
    const LINT: Option<Level> = Some(Level::Info);
    const EXPLAIN: &'static str = r##"`test` blocks are part of the language and are read without complaint. This version does not run them yet.

```pipe
test "large orders pass" {
  given orders [ { order_id = 1, customer = "Ada", amount = 200.00 } ]
  expect big_orders [ { order_id = 1 } ]
}
```

Mended:

```pipe

```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, "tests are read, and not run yet in this version")
            .label("not run")
    }
}
