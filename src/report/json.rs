//! Findings as JSON: everything a tool needs to show them and to apply their fixes. Lines and columns count from 1, columns in
//! characters; `start` and `end` are bytes. `docs/schemas/check.schema.json` describes it; what is added keeps the version, what
//! is taken away or changed raises it.

use pipewright_compiler::diagnostics::{Diagnostic, Label};
use pipewright_compiler::source::Sources;
use pipewright_grammar::Span;
use serde_json::{Value, json};

use super::checked::{Program, findings};
use super::{Tally, severity};

/// The version of the document.
pub const VERSION: u32 = 1;

/// The document of `check --format json`. `tally`: how many findings there are of each severity.
pub fn render(programs: &[Program], tally: Tally) -> String {
    let document = json!({
        "version": VERSION,
        "pipewright": env!("CARGO_PKG_VERSION"),
        "findings": findings(programs).iter().map(|it| finding(it.diagnostic, &it.program.sources)).collect::<Vec<_>>(),
        "programs": programs.len(),
        "errors": tally.errors,
        "warnings": tally.warnings,
        "notes": tally.notes,
    });
    format!("{document:#}\n")
}

/// One finding.
pub fn finding(it: &Diagnostic, sources: &Sources) -> Value {
    json!({
        "name": it.name,
        "severity": severity(it.severity),
        "message": it.message,
        "at": label(&it.primary, sources),
        "because": it.secondary.iter().map(|it| label(it, sources)).collect::<Vec<_>>(),
        "help": it.help,
        "note": it.note,
        "fixes": it.fixes.iter().map(|fix| json!({
            "title": fix.title,
            "applicability": fix.applicability.word(),
            "edits": fix.edits.iter().map(|(span, text)| with_text(*span, text, sources)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn label(label: &Label, sources: &Sources) -> Value {
    with_text(label.span, &label.text, sources)
}

/// A place and the text that belongs there: a label, or what replaces it.
fn with_text(span: Span, text: &str, sources: &Sources) -> Value {
    let (line, column) = sources.position(span);
    let (end_line, end_column) = sources.position(span.after());
    json!({
        "file": sources.get(span.source).map(|file| &file.path),
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "start": span.start,
        "end": span.end,
        "text": text,
    })
}
