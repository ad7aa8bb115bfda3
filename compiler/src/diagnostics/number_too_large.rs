//! `number-too-large`: a number or duration that does not fit 64 bits.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A number or duration that does not fit 64 bits.
pub struct NumberTooLarge {
    /// Where.
    pub span: Span,
}

impl Finding for NumberTooLarge {
    const NAME: &'static str = "number-too-large";
    const EXPLAIN: &'static str = r##"Integers and durations have 64 bits. A larger literal would wrap around and mean another number.

```pipe
topic orders: Order from orders_csv { retention = 99999999999999999999d }
```

Mended:

```pipe
topic orders: Order from orders_csv { retention = 30d }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, "this number does not fit 64 bits")
            .label("too large")
            .help("the largest integer is 9223372036854775807; a larger one is a decimal: `1.0`")
    }
}
