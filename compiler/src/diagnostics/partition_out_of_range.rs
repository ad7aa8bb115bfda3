//! `partition-out-of-range`: `partition N` of a partition that is not there.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// `partition N` of a partition that is not there.
pub struct PartitionOutOfRange {
    /// The number.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Finding for PartitionOutOfRange {
    const NAME: &'static str = "partition-out-of-range";
    const EXPLAIN: &'static str = r##"Partitions are numbered from 0. A record that is given to one the topic does not have could never be written.

```pipe
test "large orders pass" {
  given orders partition 3 [
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
  given orders partition 0 [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
  expect big_orders [
    { order_id = 1 }
  ]
}
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, self.message).label("no such partition").help(self.help)
    }
}
