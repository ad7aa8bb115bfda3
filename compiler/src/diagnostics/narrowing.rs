//! `narrowing`: a value that the declared type cannot hold without loss.

use super::{Diagnostic, Finding};
use crate::expressions::Refusal;

/// A value that the declared type cannot hold without loss.
pub struct Narrowing(pub Refusal);

impl Finding for Narrowing {
    const NAME: &'static str = "narrowing";
    const EXPLAIN: &'static str = "\
A value is brought to a wider type silently, never to a narrower one: an `int64` may be too large for an `int32`, and a
`decimal(12, 4)` has digits that a `decimal(12, 2)` does not.

```pipe
fn cents(amount: decimal(12, 4)): decimal(12, 2) = amount
```

Round, or cast. A cast that does not fit makes the record a bad record:

```pipe
fn cents(amount: decimal(12, 4)): decimal(12, 2) = round(amount, 2)
```
";

    fn diagnostic(self) -> Diagnostic {
        self.0.diagnostic(Self::NAME)
    }
}
