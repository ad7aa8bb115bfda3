//! `key-not-identity`: a changelog whose message key is not its identity.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A changelog whose message key is not its identity.
pub struct KeyNotIdentity {
    /// The topic
    pub topic: String,
    /// What identifies a row
    pub identity: Vec<String>,
    /// Where.
    pub span: Span,
}

impl Finding for KeyNotIdentity {
    const NAME: &'static str = "key-not-identity";
    const EXPLAIN: &'static str = r##"In a topic of rows the message key is what identifies a row. Compaction keeps the newest record per message key: with `key = customer` all
but one order of each customer would vanish. Where records lie is said by `partition_key`.

```pipe
type Order = { order_id: int64 @key, customer: string @fixed, amount: decimal(12, 2) }
topic orders: Order from orders_csv { kind = changelog, key = customer }
```

Mended:

```pipe
type Order = { order_id: int64 @key, customer: string @fixed, amount: decimal(12, 2) }
topic orders: Order from orders_csv { kind = changelog, key = order_id, partition_key = customer }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let identity = self.identity.join(", ");
        let key = if self.identity.len() == 1 { identity.clone() } else { format!("[{identity}]") };
        Diagnostic::error(Self::NAME, self.span, format!("the message key of `{}` must be `{identity}`", self.topic))
            .label("this is not what identifies a row")
            .help(format!("write `key = {key}`, and put what places it into `partition_key`"))
            .note("compaction keeps one record per message key: other rows of the same key would vanish")
    }
}
