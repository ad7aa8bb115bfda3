//! A mechanical answer to a finding: edits of the text, and whether a tool may apply them without asking.

use pipewright_grammar::Span;

use crate::slip::is_slip;

/// Whether a fix may be applied without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// There is one answer, and it changes nothing that was meant: `check --fix` applies it.
    Safe,
    /// One answer of several, or one that changes what the program does: shown, and applied only by who reads it.
    Choice,
}

impl Applicability {
    /// As it is written in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Applicability::Safe => "safe",
            Applicability::Choice => "choice",
        }
    }
}

/// A mechanical answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does: "write `where`".
    pub title: String,
    /// Replacements; they do not overlap.
    pub edits: Vec<(Span, String)>,
    /// Whether a tool may apply it without asking.
    pub applicability: Applicability,
}

impl Fix {
    /// The only answer there is.
    pub fn safe(title: impl Into<String>, edits: Vec<(Span, String)>) -> Self {
        Self { title: title.into(), edits, applicability: Applicability::Safe }
    }

    /// "Did you mean": safe if what was written can only be a slip of the finger, else one answer of several.
    pub fn did_you_mean(written: &str, span: Span, meant: &str) -> Self {
        let (title, edits) = (format!("write `{meant}`"), vec![(span, meant.to_owned())]);
        if is_slip(written, meant) { Self::safe(title, edits) } else { Self::choice(title, edits) }
    }

    /// One answer of several.
    pub fn choice(title: impl Into<String>, edits: Vec<(Span, String)>) -> Self {
        Self { title: title.into(), edits, applicability: Applicability::Choice }
    }
}
