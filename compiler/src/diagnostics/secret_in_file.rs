//! `secret-in-file`: a password in the text of the program.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A password in the text of the program.
pub struct SecretInFile {
    /// The option
    pub option: String,
    /// Where.
    pub span: Span,
}

impl Finding for SecretInFile {
    const NAME: &'static str = "secret-in-file";
    const EXPLAIN: &'static str = r##"A password in the program is in version control for ever, in every copy of it and in every plan that is saved. `env("NAME")` and
`file("path")` are read when the program runs, and are never printed. A URL without a password is no secret.

```pipe
connection bus = kafka { embedded = true }
connection warehouse = postgres { url = "postgres://shop:hunter2@db/shop" }
```

Mended:

```pipe
connection warehouse = postgres { url = env("WAREHOUSE_URL") }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, format!("`{}` holds a secret", self.option))
            .label("everybody who reads the file reads it")
            .help(format!("write `{} = env(\"NAME\")` or `file(\"path\")`", self.option))
            .note("programs are kept in version control, printed by `explain` and sent around; `env` and `file` never show the value")
    }
}
