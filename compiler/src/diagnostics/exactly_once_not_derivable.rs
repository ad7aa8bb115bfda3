//! `exactly-once-not-derivable`: `exactly_once` that cannot be proved.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// `exactly_once` that cannot be proved.
pub struct ExactlyOnceNotDerivable {
    /// Where.
    pub span: Span,
    /// The databases that are written
    pub databases: Vec<(String, Span)>,
    /// The embedded cluster
    pub cluster: Option<Span>,
}

impl Finding for ExactlyOnceNotDerivable {
    const NAME: &'static str = "exactly-once-not-derivable";
    const EXPLAIN: &'static str = r##"`delivery = exactly_once` is derived from the graph, not believed. An embedded cluster lives in memory, so the position of the source is
stored in the database of the sinks, in the transaction of the rows. With two databases there are two transactions: after a crash between
them one would have rows that the other has not, and nobody would know from where to read on.

```pipe
connection warehouse = sqlite { path = "shop.db" }
connection archive = sqlite { path = "archive.db" }
sink all_orders from orders to archive { table = "orders" }
```

Mended:

```pipe
sink all_orders from orders to warehouse { table = "orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let names: Vec<String> = self.databases.iter().map(|(name, _)| format!("`{name}`")).collect();
        let mut diagnostic = Diagnostic::error(Self::NAME, self.span, "exactly once cannot be derived for this program")
            .label("asked for here (it is the default)")
            .help("write all sinks to one database, or connect to `brokers`")
            .note(format!(
                "an embedded cluster keeps nothing: the position of the source is stored with the rows in one transaction, and {} are {} transactions",
                names.join(" and "),
                names.len()
            ));
        if let Some(span) = self.cluster {
            diagnostic = diagnostic.also(span, "an embedded cluster forgets everything when the process ends");
        }
        self.databases.iter().fold(diagnostic, |it, (name, span)| it.also(*span, format!("a transaction of `{name}`")))
    }
}
