//! `compacted-topic-misuse`: compaction of records that are no rows.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Compaction of records that are no rows.
pub struct CompactedTopicMisuse {
    /// The topic
    pub name: String,
    /// Where.
    pub span: Span,
    /// It has a key
    pub has_key: bool,
}

impl Finding for CompactedTopicMisuse {
    const NAME: &'static str = "compacted-topic-misuse";
    const EXPLAIN: &'static str = r##"Compaction keeps only the newest record per key. Facts, such as payments, would vanish one after the other; records without a key cannot
be compacted at all.

```pipe
topic orders: Order from orders_csv { cleanup = compact }
```

Mended:

```pipe
topic orders: Order from orders_csv { kind = changelog, cleanup = compact }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = match self.has_key {
            true => Diagnostic::error(Self::NAME, self.span, format!("`{}` holds facts, and compaction deletes facts", self.name))
                .help("write `kind = changelog` if a later record replaces an earlier one, else `cleanup = delete`"),
            false => Diagnostic::error(Self::NAME, self.span, format!("the rows of `{}` have no key", self.name))
                .help("mark the field that identifies a row with `@key`, or write `key = FIELD`"),
        };
        diagnostic.label("needs rows with a key").note("compaction keeps only the newest record per key")
    }
}
