//! `needs-topic`: a sink directly on a source.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A sink directly on a source.
pub struct NeedsTopic {
    /// The source
    pub source: String,
    /// The sink
    pub sink: String,
    /// Where.
    pub span: Span,
}

impl Finding for NeedsTopic {
    const NAME: &'static str = "needs-topic";
    const EXPLAIN: &'static str = r##"What a sink has stored is remembered as a position in a topic, in the same transaction as the rows. Without a topic between, there would
be nothing to read again after a crash.

```pipe
transform big from orders_csv
  | where amount > 100.00
```

Mended:

```pipe
topic orders: Order from orders_csv
transform big from orders
  | where amount > 100.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("between `{}` and `{}` there must be a topic", self.source, self.sink))
            .label("comes from the source without a topic between")
            .help(format!("write `topic {0}_topic from {0}` and read that", self.source))
            .note("positions of the sink are positions in a topic: without one nothing could be read again after a crash")
    }
}
