//! `nothing-to-expect`: an `expect` of a source.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An `expect` of a source.
pub struct NothingToExpect {
    /// The source.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The topic it feeds.
    pub topic: Option<String>,
}

impl Finding for NothingToExpect {
    const NAME: &'static str = "nothing-to-expect";
    const EXPLAIN: &'static str = r##"What a source brings is what the test gives it. What came of it can be expected of the topic it feeds, of transforms, of sinks and of `dead_letters`.

```pipe
test "large orders pass" {
  given orders_csv [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
  expect orders_csv [
    { order_id = 1 }
  ]
}
```

Mended:

```pipe
test "large orders pass" {
  given orders_csv [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
  expect orders [
    { order_id = 1 }
  ]
}
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("nothing can be expected of the source `{}`", self.name);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message).label("it holds what the test gives it");
        match self.topic {
            Some(topic) => diagnostic.help(format!("expect it of the topic it feeds: `expect {topic} [ … ]`")),
            None => diagnostic.help("expect it of a topic, a transform or a sink"),
        }
    }
}
