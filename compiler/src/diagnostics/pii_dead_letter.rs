//! `pii-dead-letter`: personal data that dead letters would copy.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// Personal data that dead letters would copy.
pub struct PiiDeadLetter {
    /// The field
    pub field: String,
    /// What is read
    pub input: String,
    /// Where.
    pub span: Span,
    /// Where it was declared, if that is known.
    pub declared: Option<Span>,
    /// The policy was written
    pub written: bool,
    /// Answers, each with the edit that gives it.
    pub edits: Vec<(String, (Span, String))>,
}

impl Finding for PiiDeadLetter {
    const NAME: &'static str = "pii-dead-letter";
    const EXPLAIN: &'static str = r##"A bad record is kept as a dead letter with its original bytes, and with it the personal data in it, in another table with other readers
and another life time. So it must be said: `original = keep`, or `original = position` (only where the record lies).

```pipe
type Order = { order_id: int64 @key, customer: string @pii, amount: decimal(12, 2) }
```

Mended:

```pipe
pipeline shop { on_bad_record = dead_letter(original = position) }
type Order = { order_id: int64 @key, customer: string @pii, amount: decimal(12, 2) }
```
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("dead letters of `{}` would copy personal data", self.input);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message)
            .label(if self.written { "does not say what becomes of the original" } else { "nothing is said about bad records" })
            .help("write `on_bad_record = dead_letter(original = keep)`, or `original = position`")
            .note("a dead letter keeps the whole original record; with `position` only where it lies, until retention takes it");
        let diagnostic = self.edits.into_iter().fold(diagnostic, |it, (text, (span, edit))| {
            it.choice(format!("write `{text}`"), span, edit)
        });
        match self.declared {
            Some(span) => diagnostic.also(span, format!("`{}` is personal data", self.field)),
            None => diagnostic,
        }
    }
}
