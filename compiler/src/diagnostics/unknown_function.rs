//! `unknown-function`: a call of a function that does not exist.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A call of a function that does not exist.
pub struct UnknownFunction {
    /// The name.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The function that was meant, if one is close or other languages call it so.
    pub closest: Option<String>,
}

/// What only `group by` knows.
const AGGREGATES: [&str; 6] = ["count", "count_distinct", "sum", "min", "max", "avg"];

impl Finding for UnknownFunction {
    const NAME: &'static str = "unknown-function";
    const EXPLAIN: &'static str = "\
Functions have the names of standard SQL; `pipewright explain lower` shows what one of them does. A function of your own is declared with \
`fn name(a: type): type = …`.

```pipe
transform t from orders | derive n = len(note)
```

```pipe
transform t from orders | derive n = length(note)
```

Aggregates (`count`, `sum`, `min`, `max`, `avg`) stand in the braces of `group by` and nowhere else.
";

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("there is no function `{}`", self.name))
            .label("unknown function");
        if AGGREGATES.contains(&self.name.as_str()) {
            return diagnostic
                .label("only known in `group by`")
                .help("aggregates stand in `group by`, which is not built yet in this version");
        }
        match self.closest {
            Some(closest) => diagnostic
                .did_you_mean(&self.name, self.span, &closest),
            None => diagnostic.help(format!("declare it: `fn {}(x: …): … = …`", self.name)),
        }
    }
}
