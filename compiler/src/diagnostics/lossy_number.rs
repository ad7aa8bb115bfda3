//! `lossy-number`: a number that would lose digits.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A number that would lose digits.
pub struct LossyNumber {
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

impl Finding for LossyNumber {
    const NAME: &'static str = "lossy-number";
    const EXPLAIN: &'static str = r##"An `int64` does not fit an `int32`, a decimal is not exact as `float64`, and fewer digits after the point round. None of that happens by
itself: at run time sums would be off by cents, and identifiers above 2^53 would name another row.

```pipe
transform big from paid
  | where order_id > 0
type Paid = { order_id: int32 @key, customer: string, amount: float64 }
topic paid: Paid from orders_csv
```

Mended:

```pipe
transform big from paid
  | where order_id > 0
type Paid = { order_id: int64 @key, customer: string, amount: decimal(14, 2) }
topic paid: Paid from orders_csv
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(
            Self::NAME,
            self.span,
            format!("`{}` is `{}` and would lose digits as `{}`", self.name, self.from, self.to),
        )
        .label("this type")
        .help(match self.to.trim_end_matches('?').strip_prefix("decimal(") {
            Some(digits) => format!("convert it before: `| derive {0} = decimal({0}, {digits}`", self.name),
            None => format!("convert it before: `| derive {0} = {1}({0})`", self.name, self.to.trim_end_matches('?')),
        });
        match self.declared {
            Some(span) => diagnostic.also(span, format!("`{}` here", self.from)),
            None => diagnostic,
        }
    }
}
