//! `unknown-argument`: an argument by a name that its function does not have, or twice.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An argument by a name that its function does not have, or twice.
pub struct UnknownArgument {
    /// The function.
    pub function: String,
    /// The name as written; empty for the second of two without a name.
    pub name: String,
    /// Where.
    pub span: Span,
    /// Where the same parameter was given before.
    pub first: Option<Span>,
    /// The closest parameter.
    pub closest: Option<String>,
    /// All parameters.
    pub known: Vec<String>,
    /// Where the function is declared, if in the program.
    pub declared: Option<Span>,
}

impl Finding for UnknownArgument {
    const NAME: &'static str = "unknown-argument";
    const EXPLAIN: &'static str = "\
An argument can be given by position or by name, each parameter once.

```pipe
derive day = date_trunc(\"day\", created_at, timezone = \"Europe/Paris\")
```

The parameter is called `zone`:

```pipe
derive day = date_trunc(\"day\", created_at, zone = \"Europe/Paris\")
```
";

    fn diagnostic(self) -> Diagnostic {
        let function = &self.function;
        if let Some(first) = self.first {
            return Diagnostic::error(Self::NAME, self.span, format!("`{function}` gets an argument twice"))
                .label("the second time")
                .also(first, "the first time")
                .help("remove one of them");
        }
        let message = format!("`{function}` has no parameter `{}`", self.name);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message).label("unknown parameter");
        let diagnostic = match self.closest {
            Some(closest) => diagnostic
                .did_you_mean(&self.name, self.span, &closest),
            None if self.known.is_empty() => diagnostic.help(format!("write `{function}()`")),
            None => diagnostic.help(format!("its parameters are: {}", self.known.join(", "))),
        };
        match self.declared {
            Some(declared) => diagnostic.also(declared, "declared here"),
            None => diagnostic,
        }
    }
}
