//! Layouts of findings for machines: golden files in `tests/formats/`, and every report of `tests/ui` held against the schema of
//! its format. `UPDATE=1 cargo test --test text formats::` writes the golden files anew; read the difference before you keep it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jsonschema::Validator;
use pipewright::report::checked::Program;
use pipewright::report::{Tally, findings_junit, github, gitlab, json, sarif};
use serde_json::Value;

fn schema(path: &str) -> Validator {
    let mut schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    // The official schema has a regular expression (of a language tag, which is never written here) with a bracket too many.
    for place in ["/definitions/run/properties/language", "/definitions/toolComponent/properties/language"] {
        if let Some(language) = schema.pointer_mut(place) {
            language.as_object_mut().unwrap().remove("pattern");
        }
    }
    jsonschema::validator_for(&schema).unwrap()
}

/// Every program of `tests/ui`, also with what `--set` and `pipewright.yaml` would say.
fn corpus() -> Vec<Program> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new("tests/ui")
        .into_iter()
        .map(|it| it.unwrap().into_path())
        .filter(|it| it.extension().is_some_and(|it| it == "pipe"))
        .collect();
    files.sort();
    assert!(files.len() > 150, "{}", files.len());
    let compile = |path: PathBuf| {
        let environment = match std::fs::read_to_string(path.with_extension("yaml")) {
            Ok(text) => pipewright::environment::read("pipewright.yaml", &text, None).unwrap(),
            Err(_) => pipewright_compiler::environment::Environment::default(),
        };
        let compilation = pipewright::program::compile(&path, &environment);
        let root = path.to_string_lossy().into_owned();
        Program { root, diagnostics: compilation.diagnostics, sources: compilation.sources }
    };
    files.into_iter().map(compile).collect()
}

fn holds(validator: &Validator, document: &str, of: &str) {
    let value: Value = serde_json::from_str(document).unwrap();
    let broken: Vec<String> =
        validator.iter_errors(&value).map(|it| format!("{}: {it}", it.instance_path())).take(5).collect();
    assert!(broken.is_empty(), "{of}: {broken:#?}");
}

#[test]
fn json_keeps_to_its_schema() {
    let validator = schema("docs/schemas/check.schema.json");
    for program in corpus() {
        let tally = Tally::of(&program.diagnostics);
        let root = program.root.clone();
        holds(&validator, &json::render(&[program], tally), &root);
    }
    assert_eq!(json::VERSION, 1, "a new version needs a new schema");
    // The schema says something: a document without a member, or with one more, is refused.
    let good = json::render(&[], Tally::default());
    for bad in [good.replace("\"programs\"", "\"program\""), good.replace("\"version\": 1", "\"version\": 2")] {
        assert!(!validator.is_valid(&serde_json::from_str(&bad).unwrap()), "{bad}");
    }
}

#[test]
fn sarif_keeps_to_its_schema() {
    let validator = schema("tests/schemas/sarif-2.1.0.json");
    let corpus = corpus();
    let document = sarif::render(&corpus).unwrap();
    holds(&validator, &document, "the whole corpus");
    let value: Value = serde_json::from_str(&document).unwrap();
    let run = &value["runs"][0];
    let (rules, results) = (run["tool"]["driver"]["rules"].as_array().unwrap(), run["results"].as_array().unwrap());
    assert!(rules.len() > 90 && results.len() > 100, "{} {}", rules.len(), results.len());
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("```"), "{rule}");
    }
    assert!(results.iter().any(|it| it["fixes"].is_array()));
    assert!(results.iter().any(|it| it["relatedLocations"].is_array()));
    assert!(
        !validator
            .is_valid(&serde_json::from_str(&document.replace("\"level\": \"error\"", "\"level\": \"bad\"")).unwrap())
    );
}

/// The corpus is one document of each kind without a panic, with nothing left out.
#[test]
fn every_format_holds_every_finding() {
    let corpus = corpus();
    let count = pipewright::report::checked::findings(&corpus).len();
    let issues: Value = serde_json::from_str(&gitlab::render(&corpus)).unwrap();
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), count);
    let prints: std::collections::BTreeSet<&str> =
        issues.iter().map(|it| it["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), count, "fingerprints tell findings apart");

    let xml = findings_junit::render(&corpus);
    let document = roxmltree::Document::parse(&xml).unwrap();
    let root = document.root_element();
    let errors = pipewright::report::checked::findings(&corpus)
        .iter()
        .filter(|it| it.diagnostic.severity == pipewright_compiler::diagnostics::Severity::Error)
        .count();
    assert_eq!(root.attribute("failures"), Some(errors.to_string().as_str()));
    assert_eq!(root.children().filter(|it| it.has_tag_name("testsuite")).count(), corpus.len());

    let annotations = github::annotations(&corpus, Path::new(""));
    for line in annotations.lines() {
        let (properties, _) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        assert!(["error ", "warning ", "notice "].iter().any(|it| properties.starts_with(it)), "{line}");
    }
    let summary = github::summary(&corpus);
    assert_eq!(summary.lines().filter(|it| it.starts_with("| error |")).count(), errors);
}

fn check(arguments: &[&str], variables: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
    command.current_dir("tests/formats/programs").args(["check"]).args(arguments);
    command.env_remove("GITHUB_STEP_SUMMARY").env_remove("GITHUB_WORKSPACE");
    command.envs(variables.iter().copied());
    command.output().unwrap()
}

fn golden(name: &str, text: &str) {
    // The version of Pipewright is the one thing that changes without a change of the format.
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let path = Path::new("tests/formats").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    } else {
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{}", path.display());
    }
}

#[test]
fn documents_are_as_written_down() {
    for (format, name) in [
        ("short", "short.txt"),
        ("json", "check.json"),
        ("sarif", "check.sarif"),
        ("github", "github.txt"),
        ("gitlab", "gitlab.json"),
        ("junit", "junit.xml"),
    ] {
        let output = check(&["--format", format], &[]);
        let (out, talk) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(1), "{talk}");
        assert_eq!(talk, "", "documents are data, and nothing is talked about");
        golden(name, &out);
    }
}

#[test]
fn the_summary_of_the_job_is_written_and_paths_are_those_of_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let summary = folder.path().join("summary.md");
    std::fs::write(&summary, "before\n").unwrap();
    let workspace = std::fs::canonicalize("tests").unwrap();
    let output = check(&["--format", "github"], &[("GITHUB_STEP_SUMMARY", &summary), ("GITHUB_WORKSPACE", &workspace)]);
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("::error file=formats/programs/shop.pipe,"), "{out}");
    let text = std::fs::read_to_string(&summary).unwrap();
    golden("github_summary.md", text.strip_prefix("before\n").unwrap());

    let missing = folder.path().join("no/such/folder.md");
    let output = check(&["--format", "github"], &[("GITHUB_STEP_SUMMARY", &missing)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot write the summary of the job"));
}

/// A program that is fine is a document, too, and ends well; a broken `pipewright.yaml` is a finding of the document and the
/// worst cause.
#[test]
fn the_exit_status_is_the_worst_cause() {
    for format in ["json", "sarif", "gitlab", "junit", "github"] {
        let output = check(&["--format", format, "clean.pipe"], &[]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let output = check(&["--format", format, "--env", "nowhere", "shop.pipe"], &[]);
        assert_eq!(output.status.code(), Some(2), "{format}");
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(out.contains("environment"), "{format}: {out}");
    }
    let validator = schema("tests/schemas/sarif-2.1.0.json");
    holds(
        &validator,
        &String::from_utf8(check(&["--format", "sarif", "--env", "nowhere"], &[]).stdout).unwrap(),
        "env",
    );
}
