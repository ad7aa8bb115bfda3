//! Quick fixes: the mechanical answers of the findings, and silencing a lint where it stands.

use std::collections::HashMap;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, Position, Range, TextEdit,
    Uri, WorkspaceEdit,
};
use pipewright_compiler::diagnostics::{Applicability, Diagnostic, Severity};
use pipewright_compiler::source::Sources;
use pipewright_grammar::Span;

use super::diagnostics::{diagnostic, location, range};
use super::documents::{self, Documents};
use super::server::{Refusal, Server};

pub(super) fn actions(server: &mut Server, params: CodeActionParams) -> Result<Option<CodeActionResponse>, Refusal> {
    let only = params.context.only.unwrap_or_default();
    if !only.is_empty() && !only.contains(&CodeActionKind::QUICKFIX) && !only.contains(&CodeActionKind::EMPTY) {
        return Ok(None);
    }
    let path = documents::path(&params.text_document.uri);
    let Server { documents, programs, .. } = server;
    let Some((program, source)) = programs.of(&path, documents) else { return Ok(None) };
    let compilation = &program.analysis.compilation;
    let sources = &compilation.sources;
    let mut out = vec![];
    for finding in compilation.diagnostics.iter().filter(|it| it.primary.span.source == source) {
        let at = range(finding.primary.span, sources, documents);
        if at.end < params.range.start || params.range.end < at.start {
            continue;
        }
        let shown = diagnostic(finding, sources, documents);
        for fix in &finding.fixes {
            out.push(CodeActionOrCommand::CodeAction(CodeAction {
                title: fix.title.clone(),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![shown.clone()]),
                edit: Some(edit(&fix.edits, sources, documents)),
                is_preferred: Some(fix.applicability == Applicability::Safe),
                ..CodeAction::default()
            }));
        }
        if finding.severity != Severity::Error
            && let Some(edit) = allow(finding, sources, documents)
        {
            out.push(CodeActionOrCommand::CodeAction(CodeAction {
                title: format!("allow `{}` here", finding.name),
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![shown]),
                edit: Some(edit),
                ..CodeAction::default()
            }));
        }
    }
    Ok(Some(out))
}

/// Replacements, by file.
pub(super) fn edit(edits: &[(Span, String)], sources: &Sources, documents: &Documents) -> WorkspaceEdit {
    // The key is the protocol's own type; its hash is that of its text.
    #[allow(clippy::mutable_key_type)]
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (span, new_text) in edits {
        if let Some(at) = location(*span, sources, documents) {
            changes.entry(at.uri).or_default().push(TextEdit { range: at.range, new_text: new_text.clone() });
        }
    }
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}

/// The comment that silences a lint, on a line of its own above it.
fn allow(finding: &Diagnostic, sources: &Sources, documents: &Documents) -> Option<WorkspaceEdit> {
    let file = sources.get(finding.primary.span.source)?;
    let lines = documents.lines(&file.path, &file.text);
    let line = lines.position(&file.text, finding.primary.span.start as usize).line;
    let start = lines.byte(&file.text, Position::new(line, 0));
    let indent: String = file.text.get(start..)?.chars().take_while(|it| matches!(it, ' ' | '\t')).collect();
    let place = Range::new(Position::new(line, 0), Position::new(line, 0));
    let new_text = format!("{indent}# pipewright: allow({})\n", finding.name);
    #[allow(clippy::mutable_key_type)]
    let changes = HashMap::from([(documents.uri(&file.path)?, vec![TextEdit { range: place, new_text }])]);
    Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}
