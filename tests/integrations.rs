//! The GitHub action, the hooks of pre-commit and the recipe for GitLab, as far as they can be tried without those services: they
//! are YAML of the right shape, and their shell lines run with the binary that was built.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value;

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// `PATH` with the binary of this build in front.
fn path() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_pipewright")).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

fn bash(folder: &Path, script: &str, variables: &BTreeMap<String, String>) -> Output {
    Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path())
        .env_remove("GITHUB_WORKSPACE")
        .envs(variables)
        .output()
        .unwrap()
}

/// A repository with a program that has an error and one that has a warning.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in [("bad one", "tests/formats/programs"), ("examples", "examples/retail")] {
        let to = folder.path().join(name);
        std::fs::create_dir(&to).unwrap();
        for file in pipewright::program::pipe_files(&[PathBuf::from(from)]).unwrap() {
            std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }
    folder
}

/// Runs the steps of the action as a runner does, with these inputs.
fn action(folder: &Path, given: &[(&str, &str)]) -> (Output, String) {
    let action = yaml("action.yml");
    assert_eq!(action["runs"]["using"], Value::from("composite"));
    let inputs: BTreeMap<String, String> = action["inputs"]
        .as_mapping()
        .unwrap()
        .iter()
        .map(|(name, input)| {
            let name = name.as_str().unwrap();
            let default = input["default"].as_str().unwrap();
            assert!(!input["description"].as_str().unwrap().is_empty());
            let given = given.iter().find(|(it, _)| *it == name).map_or(default, |(_, value)| value);
            (format!("${{{{ inputs.{name} }}}}"), given.to_string())
        })
        .collect();
    let summary = folder.join("summary.md");
    let mut last = None;
    for step in action["runs"]["steps"].as_sequence().unwrap() {
        assert_eq!(step["shell"], Value::from("bash"), "a step of a composite action names its shell");
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "an input in a script could run as a command");
        let mut variables: BTreeMap<String, String> = [
            ("GITHUB_STEP_SUMMARY", summary.clone()),
            ("GITHUB_PATH", folder.join("path")),
            ("RUNNER_TEMP", folder.into()),
        ]
        .map(|(name, value)| (name.to_string(), value.to_string_lossy().into_owned()))
        .into();
        for (name, value) in step["env"].as_mapping().unwrap() {
            let (name, value) = (name.as_str().unwrap(), value.as_str().unwrap());
            let value = match value {
                "${{ github.action_path }}" => ".".to_string(),
                other => inputs.get(other).unwrap_or_else(|| panic!("{other} is no input")).clone(),
            };
            variables.insert(name.to_string(), value);
        }
        let below = step.get("working-directory").and_then(Value::as_str).map(|it| inputs[it].clone());
        let output = bash(&folder.join(below.unwrap_or_default()), script, &variables);
        let failed = !output.status.success();
        last = Some(output);
        if failed {
            break;
        }
    }
    (last.unwrap(), std::fs::read_to_string(summary).unwrap_or_default())
}

#[test]
fn the_action_annotates_and_fails_where_check_does() {
    let folder = repository();
    let (output, summary) = action(folder.path(), &[("sarif", "pipes.sarif")]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}{}", String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("::error file=bad one/shop.pipe,"), "{out}");
    assert!(summary.contains("`bad one/shop.pipe:"), "{summary}");
    let sarif = std::fs::read_to_string(folder.path().join("pipes.sarif")).unwrap();
    assert!(sarif.contains("\"bad%20one/shop.pipe\""), "{sarif}");

    let (output, summary) = action(folder.path(), &[("paths", "examples\n")]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(summary.contains("nothing to report in 1 program"), "{summary}");

    // What is in an input is a path, whatever it looks like.
    let (output, _) = action(folder.path(), &[("paths", "$(touch owned); `touch owned`")]);
    assert_eq!(output.status.code(), Some(1), "no such file");
    assert!(!folder.path().join("owned").exists());

    let (output, _) = action(folder.path(), &[("working-directory", "bad one"), ("deny-warnings", "true")]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(!out.contains("::warning "), "denied warnings are errors: {out}");
}

#[test]
fn the_recipe_for_gitlab_writes_its_reports() {
    let folder = repository();
    let job = &yaml("docs/ci/gitlab.yml")["pipewright"];
    let lines: Vec<&str> = job["script"].as_sequence().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let output = bash(folder.path(), &lines.join("\n"), &BTreeMap::new());
    assert_eq!(output.status.code(), Some(1), "the job fails as `check` does");
    let reports = &job["artifacts"]["reports"];
    let read = |name: &str| std::fs::read_to_string(folder.path().join(reports[name].as_str().unwrap())).unwrap();
    let issues: serde_json::Value = serde_json::from_str(&read("codequality")).unwrap();
    for issue in issues.as_array().unwrap() {
        for member in ["description", "check_name", "fingerprint", "severity"] {
            assert!(issue[member].is_string(), "{issue}");
        }
        assert!(issue["location"]["lines"]["begin"].is_u64());
        assert!(!issue["location"]["path"].as_str().unwrap().starts_with("./"));
    }
    assert!(!issues.as_array().unwrap().is_empty());
    assert!(read("junit").starts_with("<?xml"));
}

#[test]
fn the_hooks_of_pre_commit_run() {
    let folder = repository();
    let hooks = yaml(".pre-commit-hooks.yaml");
    let mut seen = vec![];
    for hook in hooks.as_sequence().unwrap() {
        let (id, entry) = (hook["id"].as_str().unwrap(), hook["entry"].as_str().unwrap());
        assert_eq!(hook["language"], Value::from("system"));
        let files = if hook.get("pass_filenames").is_none() { " examples/retail.pipe" } else { "" };
        let output = bash(folder.path(), &format!("{entry}{files}"), &BTreeMap::new());
        seen.push((id, output.status.code().unwrap()));
    }
    assert_eq!(seen, [("pipewright-check", 1), ("pipewright-fmt", 0)]);
}
