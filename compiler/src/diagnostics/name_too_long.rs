//! `name-too-long`: a table or a column whose name a database would cut off.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A table or a column whose name a database would cut off.
pub struct NameTooLong {
    /// The name
    pub name: String,
    /// `table` or `column`
    pub what: &'static str,
    /// The connector
    pub connector: &'static str,
    /// How many bytes it may have
    pub longest: usize,
    /// Where.
    pub span: Span,
    /// Where it was declared, if that is known.
    pub declared: Option<Span>,
}

impl Finding for NameTooLong {
    const NAME: &'static str = "name-too-long";
    const EXPLAIN: &'static str = r##"PostgreSQL keeps 63 bytes of a name and drops the rest without an error. Then two columns are found alike, or the one that was asked
for is not there.

```pipe
connection db = postgres { url = env("WAREHOUSE_URL") }
topic kpis: { id: int64, total_amount_of_all_orders_that_were_placed_in_the_last_quarter_eur: int64 } on bus
sink kpi from kpis to db { table = "kpi" }
```

Mended:

```pipe
connection db = postgres { url = env("WAREHOUSE_URL") }
topic kpis: { id: int64, total_amount_of_all_orders_that_were_placed_in_the_last_quarter_eur: int64 } on bus
transform short from kpis
  | rename total_amount_of_all_orders_that_were_placed_in_the_last_quarter_eur to total_last_quarter_eur
sink kpi from short to db { table = "kpi" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let (what, longest) = (self.what, self.longest);
        let message = format!("the name of a {what} has more than {longest} bytes");
        let help = match what {
            "column" => format!("rename it before the sink: `| rename {} to …`", self.name),
            _ => "shorten it".to_string(),
        };
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message)
            .label(format!("`{}` has {}", self.name, self.name.len()))
            .help(help)
            .note(format!("{} drops the rest of a name without an error", self.connector));
        match self.declared {
            Some(span) => diagnostic.also(span, "comes from here"),
            None => diagnostic,
        }
    }
}
