//! `type-mismatch`: a value of one type where another one is needed.

use super::{Diagnostic, Finding};
use crate::expressions::Refusal;

/// A value of one type where another one is needed.
pub struct TypeMismatch(pub Refusal);

impl Finding for TypeMismatch {
    const NAME: &'static str = "type-mismatch";
    const EXPLAIN: &'static str = "\
Every value has a type, and nothing is converted silently except where no information can be lost (`int32` to `int64`, an
integer to a decimal, a closed set to `string`). Anything else is a cast, and a cast is written, because it can fail: then
the record is a bad record, and the dead letter says which value it was.

```pipe
transform big from orders | where amount > \"10\"
```

`amount` is a number and `\"10\"` is text. Write the number:

```pipe
transform big from orders | where amount > 10
```

Where the text comes from a field, cast it: `where amount > decimal(limit_text, 12, 2)`.
";

    fn diagnostic(self) -> Diagnostic {
        self.0.diagnostic(Self::NAME)
    }
}
