//! `unknown-declaration`: a word that begins no declaration.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A word that begins no declaration.
pub struct UnknownDeclaration {
    /// The word
    pub word: String,
    /// Where.
    pub span: Span,
    /// The closest known one, if something is close.
    pub closest: Option<String>,
}

impl Finding for UnknownDeclaration {
    const NAME: &'static str = "unknown-declaration";
    const EXPLAIN: &'static str = r##"A declaration begins in the first column with its keyword. A misspelt keyword declares nothing; whoever reads the name after it is not
blamed.

```pipe
transfrom big from orders
  | where amount > 100.00
```

Mended:

```pipe
transform big from orders
  | where amount > 100.00
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, format!("`{}` begins no declaration", self.word))
            .label("unknown keyword");
        match self.closest {
            Some(closest) => diagnostic.did_you_mean(&self.word, self.span, &closest),
            None => diagnostic.help("declarations are: pipeline, import, connection, type, fn, param, source, topic, transform, sink, test"),
        }
    }
}
