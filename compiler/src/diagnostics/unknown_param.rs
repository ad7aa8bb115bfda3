//! `unknown-param`: a parameter that is set and not declared.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A parameter that is set and not declared.
pub struct UnknownParam {
    /// The name
    pub name: String,
    /// Where, on the command line or in the environment's file.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
}

impl Finding for UnknownParam {
    const NAME: &'static str = "unknown-param";
    const EXPLAIN: &'static str = r##"`--set`, or an environment of `pipewright.yaml`, gives a value to a name that the program does not declare. If it were ignored, the
program would run with its default, and nobody would notice. A file may serve several programs: what another one declares is no error.

```pipe
param min_amount: decimal(12, 2) = 0.00
```

`--set min_amout=5` would set nothing; `--set min_amount=5` does.
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic =
            Diagnostic::error(Self::NAME, self.span, format!("there is no parameter `{}`", self.name))
                .label("unknown parameter");
        match self.closest {
            Some(closest) => diagnostic.help(format!("did you mean `{closest}`?")),
            None => diagnostic.help("parameters are declared with `param NAME: Type = VALUE`"),
        }
    }
}
