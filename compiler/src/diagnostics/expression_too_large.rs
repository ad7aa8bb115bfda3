//! `expression-too-large`: calls within calls that grow without measure.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Calls within calls that grow without measure.
pub struct ExpressionTooLarge {
    /// The function that was called when the limit was met.
    pub function: String,
    /// The call.
    pub span: Span,
    /// Where the function is declared.
    pub declared: Span,
    /// The limit.
    pub most: u32,
}

impl Finding for ExpressionTooLarge {
    const NAME: &'static str = "expression-too-large";
    const EXPLAIN: &'static str = "\
A function of the program is written out at each call. A function that calls another one twice, which calls a third one \
twice, doubles at every level; past a thousand calls the expression would be too large to run.

```pipe
fn f1(x: int64): int64 = x + x
fn f2(x: int64): int64 = f1(x) + f1(x + 1)
fn f3(x: int64): int64 = f2(x) + f2(x + 1)      # and so on, ten times
```

Split the work over several `derive` fields, each of which is computed once:

```pipe
transform t from orders | derive a = f1(x) | derive b = f1(a) + 1
```
";

    fn diagnostic(self) -> Diagnostic {
        let message = format!("this call grows to more than {} calls", self.most);
        Diagnostic::error(Self::NAME, self.span, message)
            .label("written out, this is too large to run")
            .also(self.declared, format!("`{}` is written out at each call", self.function))
            .help("compute the parts in `derive` fields and use those")
    }
}
