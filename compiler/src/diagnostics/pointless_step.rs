//! `pointless-step`: `as events` of facts, or `as table` of rows.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};
use crate::levels::Level;

/// `as events` of facts, or `as table` of rows.
pub struct PointlessStep {
    /// What flows in
    pub what: &'static str,
    /// The step
    pub step: &'static str,
    /// Where.
    pub span: Span,
    /// Where the kind was decided.
    pub decided: Span,
}

impl Finding for PointlessStep {
    const NAME: &'static str = "pointless-step";
    const LINT: Option<Level> = Some(Level::Warn);
    const EXPLAIN: &'static str = r##"`as events` turns versions of rows into facts, `as table` turns facts into versions of rows. On what is that already, they do nothing.

```pipe
transform big from orders
  | as events
  | where amount > 100.00
```

Mended:

```pipe
transform big from orders
  | where amount > 100.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::warning(Self::NAME, self.span, format!("`{}` changes nothing: these are {}", self.step, self.what))
            .label("no effect")
            .also(self.decided, "since here")
            .help("remove it")
    }
}
