//! `missing-test-field`: a given row without a field that must have a value.

use pipewright_grammar::Span;
use pipewright_plan::Field;

use super::{Diagnostic, Finding};

/// A given row without a field that must have a value.
pub struct MissingTestField {
    /// The topic or source.
    pub node: String,
    /// The fields.
    pub missing: Vec<Field>,
    /// The row.
    pub span: Span,
}

impl Finding for MissingTestField {
    const NAME: &'static str = "missing-test-field";
    const EXPLAIN: &'static str = r##"A given row becomes the bytes of a record. A field that may not be null has no value that could stand for "not said"; fields that may be null
are null when they are left out.

```pipe
test "large orders pass" {
  given orders [
    { order_id = 1, amount = 200.00 }
  ]
  expect big_orders [
    { order_id = 1 }
  ]
}
```

Mended:

```pipe
test "large orders pass" {
  given orders [
    { order_id = 1, customer = "Ada", amount = 200.00 }
  ]
  expect big_orders [
    { order_id = 1 }
  ]
}
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let names: Vec<_> = self.missing.iter().map(|it| format!("`{}`", it.name)).collect();
        let (first, many) = (names.first().cloned().unwrap_or_default(), names.len() > 1);
        let message = match many {
            false => format!("a row of `{}` lacks {first}", self.node),
            true => format!("a row of `{}` lacks {} fields", self.node, names.len()),
        };
        let entries: Vec<_> = self.missing.iter().map(|it| format!("`{} = …` (`{}`)", it.name, it.ty)).collect();
        Diagnostic::error(Self::NAME, self.span, message)
            .label(format!("without {}", names.join(", ")))
            .help(format!("add {}", entries.join(", ")))
    }
}
