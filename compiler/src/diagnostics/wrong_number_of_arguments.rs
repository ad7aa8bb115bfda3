//! `wrong-number-of-arguments`: a call with too few or too many arguments.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A call with too few or too many arguments.
pub struct WrongNumberOfArguments {
    /// The function.
    pub function: String,
    /// Its parameters, and whether each may be left out.
    pub params: Vec<(String, bool)>,
    /// The last one may be repeated.
    pub variadic: bool,
    /// How many were given.
    pub given: usize,
    /// The parameters that got none.
    pub missing: Vec<String>,
    /// The first one too many, or the parentheses.
    pub span: Span,
    /// Where the function is declared, if in the program.
    pub declared: Option<Span>,
}

impl Finding for WrongNumberOfArguments {
    const NAME: &'static str = "wrong-number-of-arguments";
    const EXPLAIN: &'static str = "\
A call gives a value for each parameter that has no default.

```pipe
derive day = date_trunc(created_at)
```

The unit is missing:

```pipe
derive day = date_trunc(\"day\", created_at)
```
";

    fn diagnostic(self) -> Diagnostic {
        let required = self.params.iter().filter(|(_, optional)| !optional).count();
        let takes = match (required, self.params.len()) {
            (_, _) if self.variadic => format!("at least {required}"),
            (0, 0) => "none".to_owned(),
            (least, most) if least == most => most.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        let message = format!("`{}` takes {takes} argument{}, not {}", self.function, plural(&takes), self.given);
        let signature: Vec<String> = (self.params.iter())
            .map(|(name, optional)| if *optional { format!("[{name}]") } else { name.clone() })
            .collect();
        let more = if self.variadic { ", …" } else { "" };
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message)
            .label(match self.missing.as_slice() {
                [] => "one too many".to_owned(),
                missing => format!("missing: {}", missing.join(", ")),
            })
            .help(format!("write `{}({}{more})`", self.function, signature.join(", ")));
        match self.declared {
            Some(declared) => diagnostic.also(declared, "declared here"),
            None => diagnostic,
        }
    }
}

fn plural(count: &str) -> &'static str {
    if count == "1" || count == "at least 1" { "" } else { "s" }
}
