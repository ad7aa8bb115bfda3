//! `dlq-unbounded`: dead letters without a limit.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// Dead letters without a limit.
pub struct DlqUnbounded {
    /// Where.
    pub span: Span,
}

impl Finding for DlqUnbounded {
    const NAME: &'static str = "dlq-unbounded";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"A stage stops when more than `max_bad` of its last 10,000 records are bad. A writer's new schema is an outage, not a million bad records:
at 100 % all of them would be put aside one by one, and the tables would just stop growing.

```pipe
pipeline shop { max_bad = 100% }
```

Mended:

```pipe
pipeline shop { max_bad = 5% }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, "bad records never stop this program")
            .label("even if every record is bad")
            .help("write `max_bad = 1%`")
            .choice("write `max_bad = 1%`", self.span, "max_bad = 1%")
            .note("if a writer changes its schema, all of its records become dead letters, and nobody notices")
    }
}
