//! What programs are lowered to: the plan of each program of `tests/golden/<case>/`, and of each example in each environment,
//! word by word. A change of the compiler shows here what it changes of a run.
//! `UPDATE=1 cargo test --test text golden::` writes the plans anew; read the difference before you keep it.

use std::path::{Path, PathBuf};

use pipewright::report::human;
use pipewright::style::Style;
use pipewright_plan::Plan;

/// The plan of a program without findings.
fn plan_of(program: &Path, environment: Option<&str>) -> String {
    let compilation = pipewright::program::compile_in(program, environment, &[]).unwrap();
    let report = human::render(&compilation.diagnostics, &compilation.sources, Style::plain(100));
    assert_eq!(report, "", "{}", program.display());
    let plan = compilation.plan.unwrap();
    let text = plan.to_yaml().unwrap();
    assert_eq!(Plan::from_yaml(&text).unwrap(), plan, "{}: a saved plan is the plan", program.display());
    text
}

/// What differs from the file; writes it anew where that is asked for.
fn compare(expected: &Path, plan: &str) -> Option<String> {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(expected, plan).unwrap();
        return None;
    }
    let before = std::fs::read_to_string(expected).unwrap_or_default();
    let line = before.lines().zip(plan.lines()).position(|(a, b)| a != b);
    let line = line.unwrap_or_else(|| before.lines().count().min(plan.lines().count()));
    let of = |text: &str| text.lines().nth(line).unwrap_or("(its end)").to_string();
    (before != plan)
        .then(|| format!("{}:{}\n  was  {}\n  is   {}", expected.display(), line + 1, of(&before), of(plan)))
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = std::fs::read_dir("tests/golden").unwrap().map(|it| it.unwrap().path()).collect();
    cases.retain(|it| it.join("main.pipe").exists());
    cases.sort();
    cases
}

#[test]
fn programs_are_lowered_as_written_down() {
    let cases = cases();
    assert!(cases.len() >= 20, "{}", cases.len());
    let different: Vec<String> =
        cases.iter().filter_map(|it| compare(&it.join("plan.yaml"), &plan_of(&it.join("main.pipe"), None))).collect();
    assert!(different.is_empty(), "these plans changed (UPDATE=1 writes them anew):\n{}", different.join("\n"));
}

#[test]
fn examples_are_lowered_as_written_down_in_each_environment() {
    let mut different = vec![];
    for program in pipewright::program::pipe_files(&[PathBuf::from("examples")]).unwrap() {
        let mut environments: Vec<_> = pipewright::environment::others(&program, None).into_iter().map(Some).collect();
        if environments.is_empty() {
            environments.push(None);
        }
        for environment in environments {
            let name = program.file_stem().unwrap().to_string_lossy();
            let of = environment.as_deref().map(|it| format!("_{it}")).unwrap_or_default();
            let expected = Path::new("tests/golden/examples").join(format!("{name}{of}.yaml"));
            different.extend(compare(&expected, &plan_of(&program, environment.as_deref())));
        }
    }
    assert!(different.is_empty(), "these plans changed (UPDATE=1 writes them anew):\n{}", different.join("\n"));
}

#[test]
fn programs_are_formatted() {
    for case in cases() {
        let text = std::fs::read_to_string(case.join("main.pipe")).unwrap();
        assert_eq!(pipewright_grammar::format(&text).unwrap(), text, "{}: run `pipewright fmt`", case.display());
    }
}
