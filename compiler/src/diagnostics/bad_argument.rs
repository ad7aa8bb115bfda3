//! `bad-argument`: an argument that its function cannot use.

use super::{Diagnostic, Finding};
use crate::expressions::Refusal;

/// An argument that its function cannot use.
pub struct BadArgument(pub Refusal);

impl Finding for BadArgument {
    const NAME: &'static str = "bad-argument";
    const EXPLAIN: &'static str = "\
Some arguments are read when the program is checked: the unit of `date_trunc`, a time zone, a format, a regular expression,
the digits of `decimal`. A wrong one would make every single record bad, so it is reported here.

```pipe
transform t from orders | derive day = date_trunc(\"dya\", created_at)
```

```pipe
transform t from orders | derive day = date_trunc(\"day\", created_at)
```
";

    fn diagnostic(self) -> Diagnostic {
        self.0.diagnostic(Self::NAME)
    }
}
