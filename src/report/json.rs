//! Findings as JSON: everything a tool needs to show them and to apply their fixes. Lines and columns count from 1, columns in
//! characters; `start` and `end` are bytes.

use pipewright_compiler::diagnostics::{Diagnostic, Label};
use pipewright_compiler::source::Sources;
use pipewright_grammar::Span;
use serde_json::{Value, json};

use super::severity;

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
            "edits": fix.edits.iter().map(|(span, text)| {
                let mut edit = place(*span, sources);
                edit["text"] = json!(text);
                edit
            }).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

fn label(label: &Label, sources: &Sources) -> Value {
    let mut place = place(label.span, sources);
    place["text"] = json!(label.text);
    place
}

fn place(span: Span, sources: &Sources) -> Value {
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
    })
}
