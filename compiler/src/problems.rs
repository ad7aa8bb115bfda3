//! What the parser found becomes findings with words.

use pipewright_grammar::{Problem, ProblemKind};

use crate::diagnostics::{
    BadEscape, ChainedComparison, ConfusableCharacter, Diagnostic, Diagnostics, Finding, Fix, ForeignSpelling,
    MergeConflict, MisplacedPart, NestedTooDeeply, NothingToDocument, NumberTooLarge, ReservedName, SyntaxError,
    UnclosedBracket, UnknownDeclaration, UnknownStep,
};

/// Emits them all.
pub(crate) fn report(problems: Vec<Problem>, diagnostics: &mut Diagnostics) {
    for problem in problems {
        diagnostics.push(words(problem));
    }
}

fn words(problem: Problem) -> Diagnostic {
    let Problem { span, kind, fix } = problem;
    // What the parser would write is what was meant, but where it can only guess.
    let certain = match &kind {
        ProblemKind::StrayClose(_) | ProblemKind::BadEscape(_) => false,
        // "Or" in C, "joined to" in SQL.
        ProblemKind::Foreign { written, .. } => written != "||",
        _ => true,
    };
    let mut diagnostic = match kind {
        ProblemKind::Unexpected { found, expected, within } => {
            SyntaxError { span, found, expected, within }.diagnostic()
        }
        ProblemKind::StrayClose(bracket) => {
            SyntaxError { span, found: format!("`{bracket}`"), expected: vec![], within: None }.diagnostic()
        }
        ProblemKind::Unclosed { open, opened } => UnclosedBracket { open, opened, span }.diagnostic(),
        ProblemKind::UnknownDeclaration { word, closest } => UnknownDeclaration { word, span, closest }.diagnostic(),
        ProblemKind::UnknownStep { word, closest } => UnknownStep { word, span, closest }.diagnostic(),
        ProblemKind::Foreign { written, here } => ForeignSpelling { written, here, span }.diagnostic(),
        ProblemKind::ChainedComparison => ChainedComparison { span }.diagnostic(),
        ProblemKind::NestedTooDeeply => NestedTooDeeply { span }.diagnostic(),
        // No fix: where a doc comment stands in the middle of a line, making it a comment would join what is around it.
        ProblemKind::NothingToDocument => NothingToDocument { span }.diagnostic(),
        ProblemKind::ReservedName(word) => ReservedName { word, span }.diagnostic(),
        ProblemKind::Misplaced { what, within } => MisplacedPart { what, within, span }.diagnostic(),
        ProblemKind::BadEscape(escape) => BadEscape { escape, span }.diagnostic(),
        ProblemKind::TooLarge => NumberTooLarge { span }.diagnostic(),
        ProblemKind::Confusable { written, looks_like } => {
            ConfusableCharacter { written, looks_like, span }.diagnostic()
        }
        ProblemKind::MergeConflict => MergeConflict { span }.diagnostic(),
    };
    if !fix.is_empty() && diagnostic.fixes.is_empty() {
        let title = match fix.as_slice() {
            [(_, text)] if text.is_empty() => "remove it".to_string(),
            [(span, text)] if span.start == span.end => format!("insert `{}`", text.trim()),
            [(_, text)] => format!("write `{}`", text.trim()),
            _ => "write it as it is spelt here".to_string(),
        };
        diagnostic.fixes = vec![if certain { Fix::safe(title, fix) } else { Fix::choice(title, fix) }];
    }
    diagnostic
}
