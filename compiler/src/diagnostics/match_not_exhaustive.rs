//! `match-not-exhaustive`: values for which a `match` has no arm.

use pipewright_grammar::Span;
use pipewright_plan::Type;

use super::{Diagnostic, Finding};

/// Values for which a `match` has no arm.
pub struct MatchNotExhaustive {
    /// What is matched.
    pub span: Span,
    /// As written.
    pub subject: String,
    /// Its type.
    pub ty: Type,
    /// The values without an arm, as written; empty: too many to list.
    pub missing: Vec<String>,
    /// Where the field was declared.
    pub declared: Option<(Span, String)>,
}

impl Finding for MatchNotExhaustive {
    const NAME: &'static str = "match-not-exhaustive";
    const EXPLAIN: &'static str = "\
A `match` must have an answer for each value that can come: all members of a closed set, `true` and `false`, `null` if the \
value may be null, or `_` for the rest. When a member is added to the set later, this error shows every place that must \
decide about it.

```pipe
derive weight = match status { \"new\" => 1, \"paid\" => 2 }                      # \"cancelled\" is missing
```

```pipe
derive weight = match status { \"new\" => 1, \"paid\" => 2, \"cancelled\" => 0 }
```

`_ => fail(\"…\")` makes a record with any other value a bad record, with that reason.
";

    fn diagnostic(self) -> Diagnostic {
        let shown = |values: &[String]| values.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        let (message, help) = match self.missing.as_slice() {
            [] => ("this `match` needs an arm for all other values".to_owned(), "add `_ => …`".to_owned()),
            [one] => (format!("this `match` has no arm for `{one}`"), format!("add `{one} => …`, or `_ => …`")),
            [first, rest @ ..] if rest.len() < 4 => (
                format!("this `match` has no arm for {}", shown(&self.missing)),
                format!("add `{first} | {} => …`, or `_ => …`", rest.join(" | ")),
            ),
            many => (format!("this `match` has no arm for {} values", many.len()), "add `_ => …`".to_owned()),
        };
        let mut diagnostic = Diagnostic::error(Self::NAME, self.span, message)
            .label(format!("`{}` is `{}`", self.subject, self.ty))
            .help(help);
        if self.missing.len() > 4 {
            diagnostic = diagnostic.note(format!("missing are {}", shown(&self.missing)));
        }
        match self.declared {
            Some((span, text)) => diagnostic.also(span, text),
            None => diagnostic,
        }
    }
}
