//! `row-at-a-time-sink`: a transaction for every few rows.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A transaction for every few rows.
pub struct RowAtATimeSink {
    /// Rows in a transaction.
    pub rows: u64,
    /// Where.
    pub span: Span,
}

impl Finding for RowAtATimeSink {
    const NAME: &'static str = "row-at-a-time-sink";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"An epoch is one transaction: its rows, dead letters and positions. Each costs a round trip to the database and a flush of its log,
a millisecond or more, whether it holds one row or fifty thousand. With one row at a time a thousand rows in a second are the end. The
epoch also ends after `interval`, so a large `rows` delays nothing when little comes in.

```pipe
pipeline shop { commit = { rows = 1 } }
```

Mended:

```pipe
pipeline shop { commit = { interval = 100ms } }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let rows = if self.rows == 1 { "row".to_string() } else { format!("{} rows", self.rows) };
        Diagnostic::warning(Self::NAME, self.span, format!("every {rows} would be a transaction of its own"))
            .label("a round trip and a flush each")
            .help("leave `rows` out, and say how fresh rows must be: `commit = { interval = 100ms }`")
            .choice("write `commit = { interval = 100ms }`", self.span, "commit = { interval = 100ms }")
            .note("a run is slower by orders of magnitude, and rows are not sooner there: an epoch ends after its interval, too")
    }
}
