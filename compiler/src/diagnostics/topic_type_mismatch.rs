//! `topic-type-mismatch`: what flows in is not of the declared type.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// What flows in is not of the declared type.
pub struct TopicTypeMismatch {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The reason
    pub at: Option<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Finding for TopicTypeMismatch {
    const NAME: &'static str = "topic-type-mismatch";
    const EXPLAIN: &'static str = r##"A declared type is a promise to the readers: all its fields are there, no others, of these types. Otherwise a field would be lost on the
way, or be missing for every reader.

```pipe
transform big from paid
  | where order_id > 0
type Paid = { order_id: int64 @key, paid_at: timestamp }
topic paid: Paid from orders_csv
```

Mended:

```pipe
transform big from paid
  | where order_id > 0
type Paid = { order_id: int64 @key }
transform slim from orders_csv
  | select order_id
topic paid: Paid from slim
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(Self::NAME, self.span, self.message).label("this type");
        if let Some((span, text)) = self.at {
            diagnostic = diagnostic.also(span, text);
        }
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}
