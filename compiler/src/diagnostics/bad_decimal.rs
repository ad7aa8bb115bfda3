//! `bad-decimal`: a decimal whose digits do not fit.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A decimal whose digits do not fit.
pub struct BadDecimal {
    /// Where.
    pub span: Span,
    /// The whole type
    pub whole: Span,
    /// The scale is wrong, not the precision
    pub scale: bool,
}

impl Finding for BadDecimal {
    const NAME: &'static str = "bad-decimal";
    const EXPLAIN: &'static str = r##"`decimal(12, 2)` has twelve digits in all, two of them after the point. 38 digits are what databases and other engines can hold exactly.

```pipe
type Order = { order_id: int64 @key, customer: string, amount: decimal(40, 2) }
```

Mended:

```pipe
type Order = { order_id: int64 @key, customer: string, amount: decimal(38, 2) }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = match self.scale {
            true => "the digits after the point must be between 0 and all digits",
            false => "a decimal has between 1 and 38 digits",
        };
        Diagnostic::error(Self::NAME, self.span, message)
            .also(self.whole, "`decimal(DIGITS, AFTER THE POINT)`")
            .help("write `decimal(12, 2)`")
    }
}
