//! `nested-too-deeply`: more than a hundred open brackets.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// More than a hundred open brackets.
pub struct NestedTooDeeply {
    /// Where.
    pub span: Span,
}

impl Finding for NestedTooDeeply {
    const NAME: &'static str = "nested-too-deeply";
    const EXPLAIN: &'static str = r##"More than a hundred brackets are open at once. Nobody can read that, and reading it would take memory without bound. Long chains of
`and`, `+` or `??` are no nesting and may be as long as they like.

```pipe
transform big from orders
  | where ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((amount > 100.00))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
```

Mended:

```pipe
transform big from orders
  | where (amount > 100.00)
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, "this is nested more than 100 brackets deep")
            .label("the bracket too many")
            .help("name a part of it: `derive part = …`, or a `fn`")
    }
}
