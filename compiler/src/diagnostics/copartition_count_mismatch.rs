//! `copartition-count-mismatch`: an upsert over topics with different numbers of partitions.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// An upsert over topics with different numbers of partitions.
pub struct CopartitionCountMismatch {
    /// The sink.
    pub sink: String,
    /// Where.
    pub span: Span,
    /// Two topics that differ, with their partitions.
    pub topics: [(String, u32); 2],
    /// Where they say so.
    pub places: [Span; 2],
}

impl Finding for CopartitionCountMismatch {
    const NAME: &'static str = "copartition-count-mismatch";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"A key is placed by its hash and the number of partitions. If two topics differ in the number, the records of one key come through
different partitions, read side by side, and reach the row in either order. With `version` the newest wins, in whatever order they
come.

```pipe
topic web: Order { key = order_id, partitioner = murmur2, partitions = 6 }
topic app: Order { key = order_id, partitioner = murmur2, partitions = 8 }
transform all from web, app | as table by order_id
sink orders from all to warehouse { table = "orders" }
```

Mended:

```pipe
topic web: Order { key = order_id, partitioner = murmur2, partitions = 6 }
topic app: Order { key = order_id, partitioner = murmur2, partitions = 8 }
transform all from web, app | as table by order_id
sink orders from all to warehouse { table = "orders", version = changed_at }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let [(one, few), (other, many)] = &self.topics;
        let message = format!("`{one}` and `{other}` differ in their number of partitions");
        let [first, second] = self.places;
        Diagnostic::warning(Self::NAME, self.span, message)
            .label("the newest record should win, and may not")
            .also(first, format!("`{one}` has {few}"))
            .also(second, format!("`{other}` has {many}"))
            .help("write `version = FIELD`, a field that grows with every version of a row")
            .note("one key is in two partitions, read side by side: whichever record of a row is stored last stays")
    }
}
