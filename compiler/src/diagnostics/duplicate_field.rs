//! `duplicate-field`: two of the same name in one place.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Two of the same name in one place.
pub struct DuplicateField {
    /// What they are: "field", "parameter".
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// The second one.
    pub span: Span,
    /// The first one.
    pub first: Span,
}

impl Finding for DuplicateField {
    const NAME: &'static str = "duplicate-field";
    const EXPLAIN: &'static str = "\
A record has each field once. With two of the same name, one would be lost, and which one would depend on the reader.

```pipe
transform t from orders | derive point = { x = 1, x = 2 }
```

```pipe
transform t from orders | derive point = { x = 1, y = 2 }
```
";

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("the {} `{}` is there twice", self.what, self.name))
            .label("the second one")
            .also(self.first, "the first one")
            .help("rename or remove one of them")
    }
}
