//! `unknown-option`: an option that its block does not have.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// An option that its block does not have.
pub struct UnknownOption {
    /// The name as written.
    pub name: String,
    /// Where.
    pub span: Span,
    /// The block: "a `kafka` connection", "a topic".
    pub block: String,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
    /// All known ones.
    pub known: Vec<&'static str>,
}

impl Finding for UnknownOption {
    const NAME: &'static str = "unknown-option";
    const EXPLAIN: &'static str = "\
Every option has a fixed name. A misspelt one is an error here, because a tool that ignores it runs with the default \
instead, and nobody notices until production.

```pipe
topic orders: Order from shop_orders { partition = 30 }
```

There is no option `partition`; it is `partitions`:

```pipe
topic orders: Order from shop_orders { partitions = 30 }
```
";

    fn diagnostic(self) -> Diagnostic {
        let diagnostic =
            Diagnostic::error(Self::NAME, self.span, format!("{} has no option `{}`", self.block, self.name));
        match self.closest {
            Some(closest) => diagnostic
                .label("unknown option")
                .did_you_mean(&self.name, self.span, &closest),
            None => diagnostic.label("unknown option").help(format!("known are: {}", self.known.join(", "))),
        }
    }
}
