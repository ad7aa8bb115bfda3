//! `first-run-skips-history`: a topic that is read from its end.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// A topic that is read from its end.
pub struct FirstRunSkipsHistory {
    /// The topic
    pub topic: String,
    /// Where.
    pub span: Span,
}

impl Finding for FirstRunSkipsHistory {
    const NAME: &'static str = "first-run-skips-history";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"`start = latest` holds for a stage without a stored position: its first run. Everything that lies in the topic by then is never read. After
that, positions are stored and this option has no effect.

```pipe
topic orders: Order from orders_csv { start = latest }
```

Mended:

```pipe
topic orders: Order from orders_csv
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, format!("the first run skips everything that is in `{}`", self.topic))
            .label("begins at the end")
            .help("leave `start` out: it begins at the oldest record")
            .choice("write `start = earliest`", self.span, "start = earliest")
            .note("records that are in the topic when the program first starts never reach a sink")
    }
}
