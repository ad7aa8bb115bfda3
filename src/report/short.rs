//! One line a finding: `file:line:column: error[name]: message`. Editors and `grep` read it.

use pipewright_compiler::diagnostics::Diagnostic;
use pipewright_compiler::source::Sources;

use super::severity;

/// All findings, a line each.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for it in diagnostics {
        let (line, column) = sources.position(it.primary.span);
        let file = sources.get(it.primary.span.source).map_or("?", |file| &file.path);
        out.push_str(&format!("{file}:{line}:{column}: {}[{}]: {}\n", severity(it.severity), it.name, it.message));
    }
    out
}
