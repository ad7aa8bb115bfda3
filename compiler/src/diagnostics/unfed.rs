//! `unfed`: an embedded topic that nothing writes.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An embedded topic that nothing writes.
pub struct Unfed {
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
    /// The cluster
    pub cluster: Option<Span>,
}

impl Finding for Unfed {
    const NAME: &'static str = "unfed";
    const EXPLAIN: &'static str = r##"A topic without `from` is written by others. An embedded cluster lives inside this process, where nobody else can reach it: the topic
would stay empty for ever, and the program would wait.

```pipe
topic orders: Order { key = order_id }
```

Mended:

```pipe
topic orders: Order from orders_csv { key = order_id }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("nothing ever writes the topic `{}`", self.topic))
            .label("no `from`: somebody else writes it")
            .help(format!("write `topic {} from SOURCE`, or connect to `brokers`", self.topic));
        match self.cluster {
            Some(span) => diagnostic.also(span, "an embedded cluster exists in this process alone"),
            None => diagnostic,
        }
    }
}
