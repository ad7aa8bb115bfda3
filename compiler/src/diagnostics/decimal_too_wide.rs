//! `decimal-too-wide`: a result with more digits than a decimal has.

use super::{Diagnostic, Finding};
use crate::expressions::Refusal;

/// A result with more digits than a decimal has.
pub struct DecimalTooWide(pub Refusal);

impl Finding for DecimalTooWide {
    const NAME: &'static str = "decimal-too-wide";
    const EXPLAIN: &'static str = "\
A decimal has at most 38 digits. The result of `+`, `-` and `*` has as many digits as it needs to be exact, so several wide
factors pass 38. Other engines round there without a word; here you say where digits may go.

```pipe
transform t from orders | derive x = price * rate * factor        # each decimal(18, 6)
```

Round in between:

```pipe
transform t from orders | derive x = round(price * rate, 2) * factor
```
";

    fn diagnostic(self) -> Diagnostic {
        self.0.diagnostic(Self::NAME).note(
            "rounding silently would change sums of money without a trace",
        )
    }
}
