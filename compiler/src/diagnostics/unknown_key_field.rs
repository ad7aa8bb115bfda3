//! `unknown-key-field`: a key of fields that the records do not have.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A key of fields that the records do not have.
pub struct UnknownKeyField {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
    /// The fields there are
    pub fields: Vec<String>,
}

impl Finding for UnknownKeyField {
    const NAME: &'static str = "unknown-key-field";
    const EXPLAIN: &'static str = r##"The key and the version of a sink are fields of the records that flow into it, under the names they have there.

```pipe
topic orders: Order from orders_csv { kind = changelog }
sink big_orders from big to warehouse { table = "big_orders", key = orderid }
```

Mended:

```pipe
topic orders: Order from orders_csv { kind = changelog }
sink big_orders from big to warehouse { table = "big_orders", key = order_id }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("the records have no field `{}`", self.name))
            .label("not a field of what flows in");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.name, self.span, &closest),
            None => diagnostic.help(format!("fields are: {}", self.fields.join(", "))),
        }
    }
}
