//! `append-sink-not-idempotent`: an append under `at_least_once`.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// An append under `at_least_once`.
pub struct AppendSinkNotIdempotent {
    /// The sink
    pub sink: String,
    /// Where.
    pub span: Span,
    /// Where delivery was chosen
    pub delivery: Span,
}

impl Finding for AppendSinkNotIdempotent {
    const NAME: &'static str = "append-sink-not-idempotent";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"With `at_least_once` the last records before a crash are read again. An upsert writes the same row again; an append adds it a second time,
and sums over the table are wrong from then on.

```pipe
pipeline shop { delivery = at_least_once }
```

Mended:

```pipe
pipeline shop { delivery = exactly_once }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, format!("`{}` may hold a record twice after a crash", self.sink))
            .label("appends")
            .also(self.delivery, "records may come twice")
            .help("write `delivery = exactly_once`, or an upsert")
            .note("after a crash the last epoch is read and appended again")
    }
}
