//! Findings as suites and cases: a program is a suite, an error a case that failed. A warning is a case that passed and says so
//! in its output: a build server shows red exactly where `check` ends with an error.

use std::collections::BTreeMap;

use pipewright_compiler::diagnostics::Severity;

use super::checked::{Found, Program, findings};
use super::junit::{Case, Outcome, Suite};

/// The document.
pub fn render(programs: &[Program]) -> String {
    let mut cases: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for found in findings(programs) {
        cases.entry(&found.program.root).or_default().push(case(&found));
    }
    let suite = |program: &Program| {
        let clean = || {
            vec![Case {
                name: "no finding".into(),
                class: program.root.clone(),
                place: None,
                outcome: Outcome::Passed,
                time: None,
                output: None,
            }]
        };
        Suite { name: program.root.clone(), cases: cases.remove(program.root.as_str()).unwrap_or_else(clean) }
    };
    let suites: Vec<Suite> = programs.iter().map(suite).collect();
    super::junit::render("pipewright check", &suites)
}

fn case(found: &Found<'_>) -> Case {
    let (it, place) = (found.diagnostic, found.place());
    let words = found.words();
    let (outcome, output) = match it.severity {
        Severity::Error => (Outcome::Failed { kind: it.name.into(), message: it.message.clone(), text: words }, None),
        Severity::Warning | Severity::Information => {
            (Outcome::Passed, Some(format!("{}: {words}", super::severity(it.severity))))
        }
    };
    Case {
        name: format!("{} at {}:{}:{}", it.name, place.file, place.line, place.column),
        class: found.program.root.clone(),
        place: Some((place.file, place.line)),
        outcome,
        time: None,
        output,
    }
}
