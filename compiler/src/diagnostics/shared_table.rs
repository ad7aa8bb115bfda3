//! `shared-table`: two sinks that write one table, and one of them overwrites.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Two sinks that write one table, and one of them overwrites.
pub struct SharedTable {
    /// The table
    pub table: String,
    /// Where.
    pub span: Span,
    /// The first sink
    pub first: Span,
}

impl Finding for SharedTable {
    const NAME: &'static str = "shared-table";
    const EXPLAIN: &'static str = r##"A sink with `write = upsert` owns its table: the newest record per key is the row. A second sink on the same table overwrites or deletes
rows of the first, in either order. Two sinks that append may share a table.

```pipe
topic orders: Order from orders_csv { kind = changelog }
sink all_orders from orders to warehouse { table = "big_orders" }
```

Mended:

```pipe
topic orders: Order from orders_csv { kind = changelog }
sink all_orders from orders to warehouse { table = "all_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("two sinks write the table `{}`, and one overwrites rows", self.table))
            .label("the second one")
            .also(self.first, "the first one")
            .help("read both inputs in one sink, or write two tables")
            .note("each would overwrite or delete rows of the other, in either order")
    }
}
