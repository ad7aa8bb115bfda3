//! `nullable-condition`: a condition that may be null where it must be true or false.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding, Fix};

/// A condition that may be null where it must be true or false.
pub struct NullableCondition {
    /// The keyword.
    pub what: String,
    /// The condition.
    pub span: Span,
    /// The part that may be null.
    pub reason: Option<(Span, String)>,
    /// It needs parentheses before `?? false` can follow.
    pub parentheses: bool,
}

impl Finding for NullableCondition {
    const NAME: &'static str = "nullable-condition";
    const EXPLAIN: &'static str = "\
A comparison with a missing value is null, neither true nor false. `if` must take one of two ways, so you say which one a \
missing value goes.

```pipe
derive size = if weight > 10 then \"large\" else \"small\"            # weight: int64?
```

```pipe
derive size = if (weight > 10) ?? false then \"large\" else \"small\"
derive size = if weight is null then \"unknown\" else if weight > 10 then \"large\" else \"small\"
```

`where` and `check` need no fallback: both keep only what is true.
";

    fn diagnostic(self) -> Diagnostic {
        let mut diagnostic =
            Diagnostic::error(Self::NAME, self.span, format!("the condition of `{}` may be null", self.what))
                .label("true, false or null")
                .help(if self.parentheses { "write `(…) ?? false`" } else { "write `… ?? false`" })
                .note("a missing value would go neither way");
        let mut edits = vec![];
        if self.parentheses {
            edits.push((Span { end: self.span.start, ..self.span }, "(".to_owned()));
            edits.push((self.span.after(), ") ?? false".to_owned()));
        } else {
            edits.push((self.span.after(), " ?? false".to_owned()));
        }
        diagnostic.fixes.push(Fix::safe("count a missing value as false", edits));
        match self.reason {
            Some((span, text)) => diagnostic.also(span, text),
            None => diagnostic,
        }
    }
}
