//! `wrong-input`: something that a node cannot read.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Something that a node cannot read.
pub struct WrongInput {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Where.
    pub span: Span,
    /// The reason
    pub at: Option<(Span, String)>,
}

impl Finding for WrongInput {
    const NAME: &'static str = "wrong-input";
    const EXPLAIN: &'static str = r##"Nodes read nodes: sources, topics and transforms. Nothing flows out of a sink, and a connection is read by a source.

```pipe
transform big from inbox
  | where amount > 100.00
```

Mended:

```pipe
transform big from orders
  | where amount > 100.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, self.message).label("read here").help(self.help);
        match self.at {
            Some((span, text)) => diagnostic.also(span, text),
            None => diagnostic,
        }
    }
}
