//! `test-clock`: a clock that does not go forward.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A clock that does not go forward.
pub struct TestClock {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
}

impl Finding for TestClock {
    const NAME: &'static str = "test-clock";
    const EXPLAIN: &'static str = r##"The clock of a test begins at 2026-01-01T00:00:00Z and goes only forward, as every clock that a pipeline sees: records do not become younger.

```pipe
test "large orders pass" {
  given orders [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
  advance to @2025-12-31T10:00:00Z
  expect big_orders [
    { order_id = 1 }
  ]
}
```

Mended:

```pipe
test "large orders pass" {
  given orders [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
  advance to @2026-01-01T10:00:00Z
  expect big_orders [
    { order_id = 1 }
  ]
}
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, self.message)
            .label("not forward")
            .help("the clock of a test begins at `@2026-01-01T00:00:00Z` and only goes forward")
    }
}
