//! `declaration-cycle`: declarations that need each other.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Declarations that need each other.
pub struct DeclarationCycle {
    /// What they are
    pub what: &'static str,
    /// Name and place of each
    pub members: Vec<(String, Span)>,
}

impl Finding for DeclarationCycle {
    const NAME: &'static str = "declaration-cycle";
    const EXPLAIN: &'static str = r##"Data flows in one direction, a type is finite, and a function ends. A circle of nodes would wait for itself, a circle of types would have
no end, and neither would a function that calls itself.

```pipe
transform big from large
  | where amount > 100.00
transform large from big
  | where amount > 50.00
```

Mended:

```pipe
transform big from orders
  | where amount > 100.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let span = self.members.first().map(|(_, span)| *span).unwrap_or_default();
        let names: Vec<String> = self.members.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = match names.as_slice() {
            [one] => format!("the {} {one} needs itself", self.what),
            _ => format!("{}s that need each other: {}", self.what, names.join(", ")),
        };
        let first = Diagnostic::error(Self::NAME, span, message).label("needs the others");
        self.members.iter().skip(1).fold(first, |it, (_, span)| it.also(*span, "and this one"))
    }
}
