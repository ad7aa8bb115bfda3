//! `not-comparable`: a comparison that has no meaning for these types.

use super::{Diagnostic, Finding};
use crate::expressions::Refusal;

/// A comparison that has no meaning for these types.
pub struct NotComparable(pub Refusal);

impl Finding for NotComparable {
    const NAME: &'static str = "not-comparable";
    const EXPLAIN: &'static str = "\
`json` has no equality: `1.0` and `1`, or two orders of the same keys, would be equal or not depending on who wrote them.
Records, lists and booleans have `==` and `!=`, but no order.

```pipe
transform t from events | where payload == other_payload
```

Compare what you mean, cast to a type:

```pipe
transform t from events | where json_text(payload, \"id\") == json_text(other_payload, \"id\")
```
";

    fn diagnostic(self) -> Diagnostic {
        self.0.diagnostic(Self::NAME)
    }
}
