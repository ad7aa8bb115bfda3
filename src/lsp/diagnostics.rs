//! Findings, as an editor shows them.
//!
//! A file in several programs shows the errors of all of them, but of the rest only what all of them say: a type that one
//! program does not use is no news where another does.

use std::collections::BTreeMap;
use std::str::FromStr;

use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    NumberOrString, Position, PublishDiagnosticsParams, Range, Uri,
};
use pipewright_compiler::diagnostics::{self, Severity};
use pipewright_compiler::source::Sources;
use pipewright_grammar::Span;

use super::documents::Documents;
use super::programs::Program;
use crate::environment::Problem;

/// Who says so.
const SOURCE: &str = "pipewright";

/// The findings of every file of the programs, also of those without any.
pub(super) fn of(
    programs: &BTreeMap<String, Program>,
    documents: &Documents,
) -> BTreeMap<String, PublishDiagnosticsParams> {
    let mut files: BTreeMap<String, Vec<Vec<Diagnostic>>> = BTreeMap::new();
    for program in programs.values() {
        let compilation = &program.analysis.compilation;
        let sources = &compilation.sources;
        let mut own: BTreeMap<&str, Vec<Diagnostic>> =
            sources.files().iter().map(|it| (it.path.as_str(), vec![])).collect();
        for finding in &compilation.diagnostics {
            let Some(file) = sources.get(finding.primary.span.source) else { continue };
            own.entry(&file.path).or_default().push(diagnostic(finding, sources, documents));
        }
        own.into_iter().for_each(|(path, list)| files.entry(path.to_string()).or_default().push(list));
        if let Some(problem) = &program.problem {
            let file =
                if problem.file.is_empty() { sources.files().first().map(|it| &it.path) } else { Some(&problem.file) };
            if let Some(file) = file {
                files.entry(file.clone()).or_default().push(vec![environment(problem)]);
            }
        }
    }
    let publish = |(path, lists): (String, Vec<Vec<Diagnostic>>)| {
        let version = documents.get(&path).map(|it| it.version);
        Some((path.clone(), PublishDiagnosticsParams::new(documents.uri(&path)?, merged(lists), version)))
    };
    files.into_iter().filter_map(publish).collect()
}

/// What several programs say of one file.
fn merged(lists: Vec<Vec<Diagnostic>>) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = vec![];
    for finding in lists.iter().flatten() {
        let everywhere = || lists.iter().all(|list| list.contains(finding));
        if !out.contains(finding) && (finding.severity == Some(DiagnosticSeverity::ERROR) || everywhere()) {
            out.push(finding.clone());
        }
    }
    out.sort_by_key(|it| (it.range.start, it.range.end));
    out
}

/// One finding.
pub(super) fn diagnostic(finding: &diagnostics::Diagnostic, sources: &Sources, documents: &Documents) -> Diagnostic {
    let mut message = finding.message.clone();
    if !finding.primary.text.is_empty() {
        message.push_str(&format!(": {}", finding.primary.text));
    }
    for (word, text) in [("help", &finding.help), ("note", &finding.note)] {
        if let Some(text) = text {
            message.push_str(&format!("\n{word}: {text}"));
        }
    }
    let related: Vec<DiagnosticRelatedInformation> = finding
        .secondary
        .iter()
        .filter_map(|label| {
            let location = location(label.span, sources, documents)?;
            Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
        })
        .collect();
    Diagnostic {
        range: range(finding.primary.span, sources, documents),
        severity: Some(match finding.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Information => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(finding.name.into())),
        code_description: page(finding.name).map(|href| CodeDescription { href }),
        source: Some(SOURCE.into()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: tag(finding.name).map(|it| vec![it]),
        data: None,
    }
}

/// The page of a diagnostic.
fn page(name: &str) -> Option<Uri> {
    Uri::from_str(&format!("{}/blob/main/docs/diagnostics.md#{name}", env!("CARGO_PKG_REPOSITORY"))).ok()
}

/// Greyed out, or struck through.
fn tag(name: &str) -> Option<DiagnosticTag> {
    if name.starts_with("unused-") || name.starts_with("unreachable-") {
        Some(DiagnosticTag::UNNECESSARY)
    } else if name.starts_with("deprecated-") {
        Some(DiagnosticTag::DEPRECATED)
    } else {
        None
    }
}

/// The range of a span.
pub(super) fn range(span: Span, sources: &Sources, documents: &Documents) -> Range {
    match sources.get(span.source) {
        Some(file) => documents.lines(&file.path, &file.text).span(&file.text, span),
        None => Range::default(),
    }
}

/// The file and the range of a span.
pub(super) fn location(span: Span, sources: &Sources, documents: &Documents) -> Option<Location> {
    let file = sources.get(span.source)?;
    Some(Location { uri: documents.uri(&file.path)?, range: range(span, sources, documents) })
}

/// What is wrong with `pipewright.yaml`.
fn environment(problem: &Problem) -> Diagnostic {
    let line = problem.line.map_or(0, |it| u32::try_from(it.saturating_sub(1)).unwrap_or_default());
    let help = problem.help.as_ref().map(|it| format!("\nhelp: {it}")).unwrap_or_default();
    Diagnostic {
        range: Range::new(Position::new(line, 0), Position::new(line, u32::from(problem.line.is_some()) * 1000)),
        severity: Some(DiagnosticSeverity::ERROR),
        code: Some(NumberOrString::String("environment".into())),
        source: Some(SOURCE.into()),
        message: format!("{}{help}", problem.message),
        ..Diagnostic::default()
    }
}
