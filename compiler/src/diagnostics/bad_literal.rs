//! `bad-literal`: a number or an instant that no value stands for.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A number or an instant that no value stands for.
pub struct BadLiteral {
    /// Where.
    pub span: Span,
    /// What is wrong with it.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Finding for BadLiteral {
    const NAME: &'static str = "bad-literal";
    const EXPLAIN: &'static str = "\
A literal must stand for exactly one value: a day that exists, an integer of 64 bits, a decimal of at most 38 digits, a time \
not finer than a microsecond.

```pipe
transform t from orders | where created_at >= @2026-02-30T00:00:00Z
```

```pipe
transform t from orders | where created_at >= @2026-03-01T00:00:00Z
```

An instant ends in `Z` or an offset such as `+02:00`; without one it is a `local_timestamp`, which is another type. Integers \
beyond 64 bits are written as decimals (`10000000000000000000.0`).
";

    fn diagnostic(self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(Self::NAME, self.span, self.message);
        diagnostic.help = self.help;
        diagnostic
    }
}
