//! `comparison-with-null`: `x == null`, which is never true.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding, Fix};

/// `x == null`, which is never true.
pub struct ComparisonWithNull {
    /// The operator as written.
    pub operator: String,
    /// The whole comparison.
    pub span: Span,
    /// The `null`.
    pub null: Span,
    /// `is null` or `is not null`, with the edits that write it, if that is what it means.
    pub test: Option<(&'static str, Vec<(Span, String)>)>,
}

impl Finding for ComparisonWithNull {
    const NAME: &'static str = "comparison-with-null";
    const EXPLAIN: &'static str = "\
As in SQL, null means \"not known\": a comparison with it is neither true nor false but null, and `where` keeps only what is \
true. `x == null` would drop every record.

```pipe
transform t from orders | where note == null
```

```pipe
transform t from orders | where note is null
```

`same(a, b)` compares two fields and takes two nulls as equal.
";

    fn diagnostic(self) -> Diagnostic {
        let message = format!("`{}` with `null` is never true", self.operator);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message)
            .label("always null")
            .also(self.null, "null equals nothing, not even null");
        match self.test {
            Some((test, edits)) => {
                let mut diagnostic = diagnostic.help(format!("write `{test}`"));
                diagnostic.fixes.push(Fix::safe(format!("write `{test}`"), edits));
                diagnostic
            }
            None => diagnostic.help("use `??` to say what counts where a value is missing"),
        }
    }
}
