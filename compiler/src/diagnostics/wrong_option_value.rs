//! `wrong-option-value`: a value that its option cannot have.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding, Fix};

/// A value that its option cannot have.
pub struct WrongOptionValue {
    /// The option
    pub option: String,
    /// The block
    pub block: String,
    /// What may stand there
    pub expected: String,
    /// Where.
    pub span: Span,
    /// What to do.
    pub help: Option<String>,
    /// Mechanical answers.
    pub fixes: Vec<Fix>,
}

impl Finding for WrongOptionValue {
    const NAME: &'static str = "wrong-option-value";
    const EXPLAIN: &'static str = r##"Every option has a type, a range or a list of words. A value that does not fit is refused when the program is checked, not when it runs.

```pipe
topic orders: Order from orders_csv { partitions = 0, retention = 30 }
```

Mended:

```pipe
topic orders: Order from orders_csv { partitions = 1, retention = 30d }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` of {}: expected {}", self.option, self.block, self.expected);
        let mut diagnostic = Diagnostic::error(Self::NAME, self.span, message).label("not this");
        diagnostic.fixes = self.fixes;
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}
