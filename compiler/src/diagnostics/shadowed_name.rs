//! `shadowed-name`: a function with the name of one of the library.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A function with the name of one of the library.
pub struct ShadowedName {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
}

impl Finding for ShadowedName {
    const NAME: &'static str = "shadowed-name";
    const EXPLAIN: &'static str = r##"A function of your own may not take the name of one of the library: who reads a call would not know which one runs.

```pipe
fn lower(x: string): string = f"{x}!"
transform big from orders
  | derive name = lower(customer)
```

Mended:

```pipe
fn shout(x: string): string = f"{x}!"
transform big from orders
  | derive name = shout(customer)
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("the function library has `{}` already", self.name))
            .label("declared again")
            .help("give it another name")
    }
}
