//! `partitioner-mismatch`: an upsert over topics whose writers place keys by different functions.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// An upsert over topics whose writers place keys by different functions.
pub struct PartitionerMismatch {
    /// The sink.
    pub sink: String,
    /// Where.
    pub span: Span,
    /// Two topics that differ.
    pub topics: [String; 2],
    /// Where they say so.
    pub places: [Span; 2],
}

impl Finding for PartitionerMismatch {
    const NAME: &'static str = "partitioner-mismatch";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"Java clients place a key by murmur2, librdkafka by CRC32 (`consistent`): of 30 partitions they agree on one key in thirty. If one topic
was written by the one and another topic by the other, the records of one key come through different partitions, read side by side,
and reach the row in either order. With `version` the newest wins, in whatever order they come.

```pipe
topic web: Order { key = order_id, partitioner = murmur2 }
topic app: Order { key = order_id, partitioner = consistent }
transform all from web, app | as table by order_id
sink orders from all to warehouse { table = "orders" }
```

Mended:

```pipe
topic web: Order { key = order_id, partitioner = murmur2 }
topic app: Order { key = order_id, partitioner = consistent }
transform all from web, app | as table by order_id
sink orders from all to warehouse { table = "orders", version = changed_at }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let [one, other] = &self.topics;
        let message = format!("`{one}` and `{other}` place one key in different partitions");
        let [first, second] = self.places;
        Diagnostic::warning(Self::NAME, self.span, message)
            .label("the newest record should win, and may not")
            .also(first, format!("how writers of `{one}` place keys"))
            .also(second, format!("how writers of `{other}` do"))
            .help("write `version = FIELD`, a field that grows with every version of a row")
            .note("the two are read side by side: whichever record of a row is stored last stays")
    }
}
