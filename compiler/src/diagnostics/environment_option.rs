//! `environment-option`: something wrong in the environment.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Something wrong in the environment.
pub struct EnvironmentOption {
    /// The connection
    pub connection: String,
    /// The file of the environment
    pub file: String,
    /// What is wrong
    pub problem: String,
    /// Where.
    pub span: Span,
}

impl Finding for EnvironmentOption {
    const NAME: &'static str = "environment-option";
    const EXPLAIN: &'static str = r##"`pipewright.yaml` gives a connection another kind or more options per environment. They are checked like those of the program; the place
shown is the connection in the program.

```yaml
environments:
  production:
    connections:
      warehouse: { kind: postgres, urll: "${WAREHOUSE_URL}" }
```

The option is called `url`.
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("{} is wrong about connection `{}`", self.file, self.connection))
            .label(self.problem)
            .help(format!("mend it in {}", self.file))
    }
}
