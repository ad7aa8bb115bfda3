//! `test-expects-nothing`: a test without `expect`.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding, Level};

/// A test without `expect`.
pub struct TestExpectsNothing {
    /// The test.
    pub span: Span,
}

impl Finding for TestExpectsNothing {
    const NAME: &'static str = "test-expects-nothing";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"A test without an `expect` cannot fail because of what the program does.

```pipe
test "large orders pass" {
  given orders [
    { order_id = 1, customer = "Ada", amount = 200.00 }
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
        Diagnostic::warning(Self::NAME, self.span, "this test expects nothing: it cannot fail")
            .label("no `expect` in it")
            .help("say what must come of it: `expect SINK [ { … } ]`, `expect no SINK` or `expect dead_letters [ … ]`")
    }
}
