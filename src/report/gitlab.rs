//! Findings as GitLab's code quality report: a list of issues that a merge request shows beside the changed lines. Its names of
//! severities are GitLab's own: an error is `critical`, a warning `minor`, a note `info`.

use pipewright_compiler::diagnostics::Severity;
use serde_json::{Value, json};

use super::checked::{Found, Program, findings, fingerprints};

/// The document.
pub fn render(programs: &[Program]) -> String {
    let list = findings(programs);
    let issues: Vec<Value> =
        list.iter().zip(fingerprints(&list)).map(|(found, fingerprint)| issue(found, &fingerprint)).collect();
    format!("{:#}\n", Value::from(issues))
}

fn issue(found: &Found<'_>, fingerprint: &str) -> Value {
    let (it, place) = (found.diagnostic, found.place());
    let severity = match it.severity {
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Information => "info",
    };
    let help = it.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
    json!({
        "check_name": it.name,
        "description": format!("{}{help}", it.message),
        "severity": severity,
        "fingerprint": fingerprint,
        // The path must be the repository's, without `./`.
        "location": {
            "path": place.file.strip_prefix("./").unwrap_or(&place.file),
            "lines": { "begin": place.line, "end": place.end_line },
        },
    })
}
