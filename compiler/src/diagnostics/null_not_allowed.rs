//! `null-not-allowed`: a value that may be null where null cannot stand.

use super::{Diagnostic, Finding};
use crate::expressions::Refusal;

/// A value that may be null where null cannot stand.
pub struct NullNotAllowed(pub Refusal);

impl Finding for NullNotAllowed {
    const NAME: &'static str = "null-not-allowed";
    const EXPLAIN: &'static str = "\
A type without `?` never holds null: that is checked here, so that no record fails on it at run time.

```pipe
fn shout(text: string): string = upper(text)
transform t from orders | derive loud = shout(note)          # note: string?
```

Give a fallback, or keep such records out. After the test the checker knows that the field is not null:

```pipe
transform t from orders | derive loud = shout(note ?? \"\")
transform t from orders | where note is not null | derive loud = shout(note)
```
";

    fn diagnostic(self) -> Diagnostic {
        self.0.diagnostic(Self::NAME)
    }
}
