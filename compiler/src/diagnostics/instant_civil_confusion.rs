//! `instant-civil-confusion`: an instant where civil time is expected, or the other way round.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An instant where civil time is expected, or the other way round.
pub struct InstantCivilConfusion {
    /// The field
    pub name: String,
    /// Its type
    pub from: String,
    /// The type it should have
    pub to: String,
    /// Where.
    pub span: Span,
    /// Where it was declared, if that is known.
    pub declared: Option<Span>,
}

impl Finding for InstantCivilConfusion {
    const NAME: &'static str = "instant-civil-confusion";
    const EXPLAIN: &'static str = r##"A `timestamp` is an instant, a `local_timestamp` is what a clock on a wall shows. Which instant that was depends on the zone. Taken for
each other, every time is off by hours, and by other hours in summer.

```pipe
type Order = { order_id: int64 @key, amount: decimal(12, 2), at: local_timestamp }
transform big from paid
  | where amount > 100.00
type Paid = { order_id: int64 @key, amount: decimal(12, 2), at: timestamp }
topic paid: Paid from orders_csv
```

Mended:

```pipe
type Order = { order_id: int64 @key, amount: decimal(12, 2), at: timestamp }
transform big from paid
  | where amount > 100.00
type Paid = { order_id: int64 @key, amount: decimal(12, 2), at: timestamp }
topic paid: Paid from orders_csv
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let help = match self.to.starts_with("local") {
            true => format!("say the zone: `| derive {0} = local_time({0}, \"Europe/Berlin\")`", self.name),
            false => format!("say the zone: `| derive {0} = at_zone({0}, \"Europe/Berlin\")`", self.name),
        };
        let message = format!("`{}` is a `{}`, and cannot be a `{}` without a zone", self.name, self.from, self.to);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message).label("this type").help(help);
        match self.declared {
            Some(span) => diagnostic.also(span, format!("`{}` here", self.from)),
            None => diagnostic,
        }
    }
}
