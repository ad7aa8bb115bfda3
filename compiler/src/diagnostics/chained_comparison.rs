//! `chained-comparison`: `a < b < c`.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// `a < b < c`.
pub struct ChainedComparison {
    /// Where.
    pub span: Span,
}

impl Finding for ChainedComparison {
    const NAME: &'static str = "chained-comparison";
    const EXPLAIN: &'static str = r##"In some languages `1 < x < 5` compares `x` twice, in others it compares a truth value with 5. Here it is refused, because either reading
would filter other records than somebody meant.

```pipe
transform big from orders
  | where 100.00 < amount < 500.00
```

Mended:

```pipe
transform big from orders
  | where 100.00 < amount and amount < 500.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, "comparisons do not chain")
            .label("the second comparison")
            .help("write `a < b and b < c`, or `b between a and c`")
    }
}
