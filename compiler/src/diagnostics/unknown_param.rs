//! `unknown-param`: a parameter that is set and not declared.

use super::{Diagnostic, Finding};

/// A parameter that is set and not declared.
pub struct UnknownParam {
    /// The name
    pub name: String,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
    /// The file of the environment, if there is one
    pub file: Option<String>,
}

impl Finding for UnknownParam {
    const NAME: &'static str = "unknown-param";
    const EXPLAIN: &'static str = r##"`--set` or `pipewright.yaml` gives a value to a parameter that the program does not declare. The program runs with its default, and
nobody would notice. In `pipewright.yaml`, which may serve several programs, this is a warning.

```pipe
param min_amount: decimal(12, 2) = 0.00
```

`--set min_amout=5`, and `params: { min_amout: 5 }` in `pipewright.yaml`, set nothing; `--set min_amount=5` does.
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("there is no parameter `{}`", self.name);
        let span = pipewright_grammar::Span::default();
        // A file of environments may serve several programs; the command line serves one.
        let diagnostic = match self.file {
            Some(file) => Diagnostic::warning(Self::NAME, span, message).label(format!("set by --set or in {file}")),
            None => Diagnostic::error(Self::NAME, span, message).label("set by --set"),
        };
        match self.closest {
            Some(closest) => diagnostic.help(format!("did you mean `{closest}`?")),
            None => diagnostic.help("parameters are declared with `param NAME: Type = VALUE`"),
        }
    }
}
