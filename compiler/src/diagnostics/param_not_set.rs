//! `param-not-set`: a parameter without a value.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A parameter without a value.
pub struct ParamNotSet {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
}

impl Finding for ParamNotSet {
    const NAME: &'static str = "param-not-set";
    const EXPLAIN: &'static str = r##"A parameter without a default must be set for every run, on the command line or in `pipewright.yaml`.

```pipe
param least: decimal(12, 2)
transform big from orders
  | where amount > least
```

Mended:

```pipe
param least: decimal(12, 2) = 100.00
transform big from orders
  | where amount > least
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("parameter `{}` has no value", self.name))
            .label("no default, and not set")
            .help(format!("set it with `--set {}=…`, or give it a default: `= …`", self.name))
    }
}
