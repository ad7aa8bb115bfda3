//! The commands that a run's errors name, as they are typed here: with the program, the environment and the name that are meant.
//!
//! The runtime knows no files of programs; it writes FILE, SOURCE and STAGE.

use std::path::Path;

use pipewright_plan::{Origin, Plan};
use pipewright_runtime::report::RunError;

/// The error with its commands filled in, as far as it is known what they are about.
pub fn fill_in(error: &RunError, plan: &Plan, program: &Path, env: Option<&str>) -> RunError {
    let file = match env {
        Some(env) => format!("{} --env {env}", program.display()),
        None => program.display().to_string(),
    };
    let fill = |text: &str| {
        let mut text = text.to_string();
        // The runtime knows the root of the program as it was compiled, or nothing.
        for root in plan.files.first().map(String::as_str).into_iter().chain(["FILE"]) {
            for command in ["positions reset", "positions set"] {
                text = text.replace(&format!("{command} {root} "), &format!("{command} {file} "));
            }
        }
        for command in ["dead-letters ls", "dead-letters replay"] {
            text = text.replace(&format!("`pipewright {command}`"), &format!("`pipewright {command} {file}`"));
        }
        if let Some(source) = error.origin.and_then(|it| source_at(plan, it)) {
            text = text.replace(&format!("{file} SOURCE"), &format!("{file} {source}"));
        }
        if let Some(stage) = stage_at(plan, error.origin) {
            text = text.replace(&format!("{file} STAGE"), &format!("{file} {stage}"));
        }
        text
    };
    RunError { help: error.help.as_deref().map(fill), ..error.clone() }
}

fn source_at(plan: &Plan, origin: Origin) -> Option<&str> {
    plan.sources.iter().find(|it| it.origin == origin).map(|it| it.name.as_str())
}

/// The only stage, or the only one that has what is declared there.
fn stage_at(plan: &Plan, origin: Option<Origin>) -> Option<&str> {
    if let [only] = plan.stages.as_slice() {
        return Some(&only.id);
    }
    let origin = origin?;
    let mut stages = plan.stages.iter().filter(|stage| {
        let topics = stage.topics.iter().filter_map(|it| plan.topic(it)).any(|it| it.origin == origin);
        topics || stage.sinks.iter().filter_map(|it| plan.sink(it)).any(|it| it.origin == origin)
    });
    match (stages.next(), stages.next()) {
        (Some(stage), None) => Some(&stage.id),
        _ => None,
    }
}
