//! `duplicate-test`: two tests of one name.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Two tests of one name.
pub struct DuplicateTest {
    /// The name.
    pub name: String,
    /// The second one.
    pub span: Span,
    /// The first one.
    pub first: Span,
}

impl Finding for DuplicateTest {
    const NAME: &'static str = "duplicate-test";
    const EXPLAIN: &'static str = r##"A test is known by what it shows: `pipewright test` prints that name, filters by it and gives it to reports. Two of one name cannot be told apart.

```pipe
test "large orders pass" {
  given orders [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
  expect big_orders [
    { order_id = 1 }
  ]
}

test "large orders pass" {
  given orders [
    { order_id = 2, customer = "Bob", amount = 20.00 }
  ]
  expect no big_orders
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

test "small orders do not pass" {
  given orders [
    { order_id = 2, customer = "Bob", amount = 20.00 }
  ]
  expect no big_orders
}
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("the test {:?} is there twice", self.name))
            .label("the second one")
            .also(self.first, "the first one")
            .help("say what each of them shows")
    }
}
