//! `given-not-input`: rows are given to a node that takes none from outside.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Rows are given to a node that takes none from outside.
pub struct GivenNotInput {
    /// The node.
    pub name: String,
    /// What it is: "a transform".
    pub what: &'static str,
    /// Where.
    pub span: Span,
    /// What feeds it.
    pub closest: Option<String>,
}

impl Finding for GivenNotInput {
    const NAME: &'static str = "given-not-input";
    const EXPLAIN: &'static str = r##"Records come into a program through its sources and topics. What a transform or a sink sees is what the program makes of them; a test that
gave it rows would not test the program.

```pipe
test "large orders pass" {
  given big [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
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
  expect big_orders [
    { order_id = 1 }
  ]
}
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` is {}: it cannot be given rows", self.name, self.what);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message).label("neither a source nor a topic");
        match self.closest {
            Some(input) => diagnostic.help(format!("give them to what feeds it: `given {input} [ … ]`")),
            None => diagnostic.help("give them to a source or a topic"),
        }
    }
}
