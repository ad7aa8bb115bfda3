//! `wrong-connection`: a connection that cannot be used here.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A connection that cannot be used here.
pub struct WrongConnection {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Where.
    pub span: Span,
    /// Where it was declared
    pub declared: Span,
}

impl Finding for WrongConnection {
    const NAME: &'static str = "wrong-connection";
    const EXPLAIN: &'static str = r##"Topics live in a Kafka cluster, sinks write to a database, sources read files. A connection of another kind cannot take their place.

```pipe
sink big_orders from big to bus { table = "big_orders" }
```

Mended:

```pipe
sink big_orders from big to warehouse { table = "big_orders" }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        Diagnostic::error(Self::NAME, self.span, self.message)
            .label("used here")
            .also(self.declared, "declared here")
            .help(self.help)
    }
}
