//! `constant-error`: a constant expression that fails.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A constant expression that fails.
pub struct ConstantError {
    /// Where.
    pub span: Span,
    /// What happened: "division by zero".
    pub reason: String,
}

impl Finding for ConstantError {
    const NAME: &'static str = "constant-error";
    const EXPLAIN: &'static str = "\
This part reads no field, so its value was computed when the program was checked, and that failed. At run time it would fail \
for each record in the same way and send all of them to the dead letters.

```pipe
transform t from orders | derive x = int64(\"12a\")
```

```pipe
transform t from orders | derive x = int64(\"12\")
```
";

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, "this can never be computed")
            .label(self.reason)
            .note("at run time every record that comes here would be a bad record")
    }
}
