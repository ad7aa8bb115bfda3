//! `missing-option`: an option that must be given.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An option that must be given.
pub struct MissingOption {
    /// The option
    pub name: &'static str,
    /// The block
    pub block: String,
    /// Where.
    pub span: Span,
    /// What it is
    pub doc: &'static str,
}

impl Finding for MissingOption {
    const NAME: &'static str = "missing-option";
    const EXPLAIN: &'static str = r##"Some options have no default that would be right for anybody: where a database lies, which table is written.

```pipe
sink big_orders from big to warehouse
```

Mended:

```pipe
sink big_orders from big to warehouse { table = "big_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let doc = self.doc.split_whitespace().collect::<Vec<_>>().join(" ");
        Diagnostic::error(Self::NAME, self.span, format!("{} needs the option `{}`", self.block, self.name))
            .label(format!("`{}` is missing", self.name))
            .help(format!("add `{} = …`", self.name))
            .note(format!("`{}`: {}", self.name, doc.trim_end_matches('.')))
    }
}
