//! A run that ended early, in the same layout as a finding: with the line of the program, if one is to blame.

use pipewright_compiler::diagnostics::Diagnostic;
use pipewright_compiler::source::Sources;
use pipewright_grammar::{SourceId, Span};
use pipewright_runtime::report::{ErrorClass, RunError};

use super::human;
use crate::exit::Exit;
use crate::style::Style;

/// The text of a run error. `sources` is empty when a saved plan runs: then there is no line to show.
pub fn render(error: &RunError, sources: &Sources, style: Style) -> String {
    let origin = error.origin.filter(|it| it.line > 0);
    let span = origin.map_or(Span::new(SourceId(u32::MAX), 0, 0), |it| {
        Span::new(SourceId(it.file), it.start as usize, it.end as usize)
    });
    let mut diagnostic = Diagnostic::error(error.name, span, error.message.clone());
    diagnostic.help = error.help.clone();
    let explained = pipewright_compiler::diagnostics::PAGES.iter().any(|(name, _)| *name == error.name);
    human::finding(&diagnostic, sources, style, explained)
}

/// The exit code of a run error.
pub fn exit(class: ErrorClass) -> Exit {
    match class {
        ErrorClass::Configuration => Exit::Findings,
        ErrorClass::OutOfReach => Exit::OutOfReach,
        ErrorClass::WouldLose => Exit::WouldLose,
        ErrorClass::Policy => Exit::Policy,
        ErrorClass::Bug => Exit::Bug,
    }
}
