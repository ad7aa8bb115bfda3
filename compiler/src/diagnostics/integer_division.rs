//! `integer-division`: `/` between two integers.

use super::{Diagnostic, Finding};
use crate::expressions::Refusal;

/// `/` between two integers.
pub struct IntegerDivision(pub Refusal);

impl Finding for IntegerDivision {
    const NAME: &'static str = "integer-division";
    const EXPLAIN: &'static str = "\
Engines disagree about `5 / 2`: PostgreSQL and Java say 2, Spark and Python say 2.5. A program that runs on more than one of
them must not depend on it, so `/` is refused between integers and the two meanings have names.

```pipe
transform t from orders | derive per_item = total_cents / items
```

Truncating:

```pipe
transform t from orders | derive per_item = div(total_cents, items)
```

With a fraction:

```pipe
transform t from orders | derive per_item = decimal(total_cents, 12, 2) / items
```
";

    fn diagnostic(self) -> Diagnostic {
        self.0.diagnostic(Self::NAME).note(
            "PostgreSQL answers `5 / 2` with 2, Spark with 2.5: either would surprise someone",
        )
    }
}
