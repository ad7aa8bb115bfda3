//! `missing-name`: a computed value without a field name.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A computed value without a field name.
pub struct MissingName {
    /// The value.
    pub span: Span,
    /// The step it stands in: "select", "group by".
    pub step: &'static str,
}

impl Finding for MissingName {
    const NAME: &'static str = "missing-name";
    const EXPLAIN: &'static str = "\
A field that is passed on keeps its name; anything computed needs one, because the name is part of the schema that sinks and \
other programs rely on.

```pipe
transform t from orders | select order_id, amount * 2
```

```pipe
transform t from orders | select order_id, doubled = amount * 2
```
";

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("this value in `{}` needs a name", self.step))
            .label("computed, so it has no name of its own")
            .help("write `name = …` before it")
    }
}
