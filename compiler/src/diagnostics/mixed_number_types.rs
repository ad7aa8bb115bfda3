//! `mixed-number-types`: a decimal or an integer together with a `float64`.

use super::{Diagnostic, Finding};
use crate::expressions::Refusal;

/// A decimal or an integer together with a `float64`.
pub struct MixedNumberTypes(pub Refusal);

impl Finding for MixedNumberTypes {
    const NAME: &'static str = "mixed-number-types";
    const EXPLAIN: &'static str = "\
A `float64` holds binary fractions: 0.1 is already rounded. A decimal and an `int64` are exact. Mixed silently, one of them
loses: either the exact side becomes a float and cents begin to drift, or the float side pretends to be exact.

```pipe
transform t from readings | derive total = price * factor     # decimal(10, 2) * float64
```

Say which one the result should be:

```pipe
transform t from readings | derive total = price * decimal(factor, 10, 6)
transform t from readings | derive total = float64(price) * factor
```

A literal takes the type of the other side: `factor * 2` is a `float64`.
";

    fn diagnostic(self) -> Diagnostic {
        self.0.diagnostic(Self::NAME).note(
            "`float64` cannot hold most decimals exactly: sums of money drift by cents",
        )
    }
}
