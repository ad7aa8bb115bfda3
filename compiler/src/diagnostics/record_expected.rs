//! `record-expected`: a node whose type is no record.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A node whose type is no record.
pub struct RecordExpected {
    /// The name as written.
    pub name: String,
    /// What it stands for
    pub ty: String,
    /// Where.
    pub span: Span,
    /// Where it was declared
    pub declared: Span,
}

impl Finding for RecordExpected {
    const NAME: &'static str = "record-expected";
    const EXPLAIN: &'static str = r##"What flows through a node are records: they have fields. A field of a record may be of any type.

```pipe
type Order = string
```

Mended:

```pipe
type Order = { order_id: int64 @key, customer: string, amount: decimal(12, 2) }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("`{}` is no record: `{}`", self.name, self.ty))
            .label("a record is expected here")
            .also(self.declared, "declared here")
            .help("write `{ field: TYPE, … }`")
    }
}
