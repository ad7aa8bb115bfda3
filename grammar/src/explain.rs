//! Why a part could not be read.
use crate::parser::Rule;
use crate::{Problem, ProblemKind, SourceId, Span};

/// What kind of part failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// A declaration.
    Unit,
    /// A step.
    Step,
    /// An entry of a block.
    Entry,
    /// A field of a type.
    Field,
}

/// Where the part stands.
pub(crate) struct Place<'i> {
    /// In which file.
    pub source: SourceId,
    /// Where in the file the part begins.
    pub base: usize,
    /// The unit around it.
    pub input: &'i str,
    /// Where in the unit the part begins.
    pub at: usize,
}

/// Parses a part once more as `rule`, and says why that fails.
pub(crate) fn explain(
    rule: Rule,
    text: &str,
    site: Site,
    within: Option<String>,
    place: &Place<'_>,
) -> Option<Problem> {
    let error = crate::parser::failure(rule, text)?;
    let at = match error.location {
        pest::error::InputLocation::Pos(n) => n,
        pest::error::InputLocation::Span((n, _)) => n,
    };
    Some(Problem {
        span: Span::new(place.source, place.base + at, place.base + at),
        kind: ProblemKind::Unexpected { found: String::new(), expected: vec![format!("{error}")], within },
        fix: vec![],
    })
}
