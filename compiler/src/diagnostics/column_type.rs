//! `column-type`: a field that a database cannot store.

use pipewright_grammar::Span;

use super::{Diagnostic, Finding};

/// A field that a database cannot store.
pub struct ColumnType {
    /// The field
    pub field: String,
    /// Why not
    pub why: String,
    /// Where.
    pub span: Span,
    /// Where it was declared, if that is known.
    pub declared: Option<Span>,
}

impl Finding for ColumnType {
    const NAME: &'static str = "column-type";
    const EXPLAIN: &'static str = r##"Every field of the records becomes a column of the table. Where a database has no column for a type, the field must be converted or left
out before.

Both `sqlite` and `postgres` have a column for every type of this version.
"##;

    fn diagnostic(self) -> Diagnostic {
        let message = format!("the column `{}` cannot be stored", self.field);
        let diagnostic = Diagnostic::error(Self::NAME, self.span, message).label(self.why);
        match self.declared {
            Some(span) => diagnostic.also(span, "comes from here"),
            None => diagnostic,
        }
    }
}
