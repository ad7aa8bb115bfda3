//! `bad-regex`: a regular expression that does not compile.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A regular expression that does not compile.
pub struct BadRegex {
    /// What is wrong, in the words of the engine.
    pub message: String,
    /// Where in the pattern.
    pub span: Span,
    /// The whole pattern.
    pub pattern: Span,
}

impl Finding for BadRegex {
    const NAME: &'static str = "bad-regex";
    const EXPLAIN: &'static str = "\
The pattern after `~` is compiled when the program is checked, so a broken one never meets a record. The syntax is that of \
the Rust crate `regex`: like Perl's, without look-around and back-references, because those can take exponential time on a \
hostile record.

```pipe
transform t from orders | where email ~ r\"(.+@example\\.com\"
```

```pipe
transform t from orders | where email ~ r\"(.+)@example\\.com\"
```

In `r\"…\"` a backslash is a backslash; in `\"…\"` it must be doubled.
";

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(Self::NAME, self.span, "this regular expression does not compile")
            .label(self.message.clone());
        let diagnostic = if self.span == self.pattern {
            diagnostic
        } else {
            diagnostic.also(self.pattern, "in this pattern")
        };
        if self.message.contains("look-around") || self.message.contains("backreference") {
            diagnostic.help("split the test in two: `x ~ r\"…\" and x !~ r\"…\"`")
        } else {
            diagnostic
        }
    }
}
