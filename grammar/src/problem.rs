//! What the parser found wrong: facts, not words.

use crate::Span;

/// Something that could not be read, or was read although it is spelt otherwise here.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The smallest place to change.
    pub span: Span,
    /// What.
    pub kind: ProblemKind,
    /// The mechanical answer, if there is one: replacements that do not overlap.
    pub fix: Vec<(Span, String)>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum ProblemKind {
    /// Something else was expected here. The names are human ("a field name", "`=`", "an expression").
    Unexpected {
        /// What stands there; empty: the end of the declaration.
        found: String,
        /// What could stand there.
        expected: Vec<String>,
        /// The declaration, step or entry it is in: "the topic `orders`".
        within: Option<String>,
    },
    /// An opening bracket without its closing one.
    Unclosed {
        /// `{`, `(`, `[`, `"`, `"""`.
        open: String,
        /// Where it was opened (the problem's own span is where it was missed).
        opened: Span,
    },
    /// A closing bracket without an opening one.
    StrayClose(String),
    /// A word that begins no declaration; the closest one.
    UnknownDeclaration {
        /// The word.
        word: String,
        /// The closest keyword.
        closest: Option<String>,
    },
    /// A word that begins no step; the closest one, also for words of other languages (`filter`).
    UnknownStep {
        /// The word.
        word: String,
        /// The closest keyword.
        closest: Option<String>,
    },
    /// `&&`, `||`, `!`, `<>`, `=` as a comparison, `'text'`, `//`, `;`, `name: value`, `expr as name`: read as what it means.
    Foreign {
        /// As written.
        written: String,
        /// As it is spelt here.
        here: String,
    },
    /// `a < b < c`
    ChainedComparison,
    /// More than 100 open brackets.
    NestedTooDeeply,
    /// `##` where nothing follows that it could document.
    NothingToDocument,
    /// A reserved word where a name stands.
    ReservedName(String),
    /// A part that does not belong to this declaration: steps at a sink, `to` at a source.
    Misplaced {
        /// "steps", "`to`".
        what: String,
        /// "a sink".
        within: String,
    },
    /// An escape that does not exist, or a code point that does not.
    BadEscape(String),
    /// A number or duration that does not fit 64 bits.
    TooLarge,
    /// A character that looks like another one, or cannot be seen.
    Confusable {
        /// As written.
        written: char,
        /// What it looks like.
        looks_like: Option<char>,
    },
    /// A line of an unresolved merge (`<<<<<<<`).
    MergeConflict,
}
