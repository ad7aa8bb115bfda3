//! `nondeterministic-in-replay`: a value that differs from run to run, where it must not.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A value that differs from run to run, where it must not.
pub struct NondeterministicInReplay {
    /// Where it stands
    pub what: String,
    /// Where.
    pub span: Span,
}

impl Finding for NondeterministicInReplay {
    const NAME: &'static str = "nondeterministic-in-replay";
    const EXPLAIN: &'static str = r##"After a crash, records are read again. A key, a partition or a condition that depends on the clock or on chance gives another result then:
a row is written twice under two keys, or not at all. `now()` may stand in a column that is no key.

```pipe
transform big from orders
  | where now() > @2026-01-01T00:00:00Z
```

Mended:

```pipe
transform big from orders
  | where meta.timestamp > @2026-01-01T00:00:00Z
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("{} differs from run to run", self.what))
            .label("another value each time it is computed")
            .help("use a field, or `meta.timestamp`: Kafka's own time of the record")
            .note("after a crash the same record would get another key, or be kept once and dropped the other time")
    }
}
