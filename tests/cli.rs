//! The binary as scripts see it: exit codes, the two channels, JSON, "did you mean".

use std::path::Path;
use std::process::Command;

use serde_json::Value;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn pipewright(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_pipewright"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("COLUMNS")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = pipewright(folder.path(), &["new", "shop"]);
    assert_eq!(made.code, 0, "{}", made.err);
    folder
}

#[test]
fn a_new_project_checks_clean_and_is_formatted() {
    let folder = project();
    let ran = pipewright(folder.path(), &["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert_eq!(ran.err, "1 program: fine\n");
    let ran = pipewright(folder.path(), &["check", "shop", "--env", "servers"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = pipewright(folder.path(), &["fmt", "--check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let again = pipewright(folder.path(), &["new", "shop"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert_eq!(pipewright(folder.path(), &["new", "My-Shop"]).code, 2);
}

#[test]
fn findings_are_exit_1_in_every_format() {
    let folder = project();
    let path = folder.path().join("shop/shop.pipe");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("partitions = 3", "partition = 3")).unwrap();

    let human = pipewright(folder.path(), &["check", "shop/shop.pipe"]);
    assert_eq!((human.code, human.out.as_str()), (1, ""));
    for part in [
        "error[unknown-option]",
        "did you mean `partitions`?",
        "pipewright explain unknown-option",
        "1 error in shop/shop.pipe",
    ] {
        assert!(human.err.contains(part), "no `{part}` in\n{}", human.err);
    }
    assert!(!human.err.contains('\x1b'), "colours although nobody watches");

    let line = text.lines().position(|it| it.contains("partitions = 3")).unwrap() + 1;
    let short = pipewright(folder.path(), &["check", "--format", "short"]);
    assert_eq!(short.code, 1);
    assert!(short.out.starts_with(&format!("shop/shop.pipe:{line}:3: error[unknown-option]: ")), "{}", short.out);

    let json = pipewright(folder.path(), &["check", "--format", "json"]);
    assert_eq!(json.code, 1);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    let finding = &document["findings"][0];
    assert_eq!(finding["name"], "unknown-option");
    assert_eq!(finding["at"]["line"], line);
    assert_eq!(finding["fixes"][0]["edits"][0]["text"], "partitions");
    assert_eq!(document["errors"], 1);

    // What `run` refuses, `check` refuses with the same words.
    if cfg!(feature = "run") {
        let run = pipewright(folder.path(), &["run", "shop/shop.pipe"]);
        assert_eq!(run.code, 1);
        assert!(run.err.contains("error[unknown-option]"), "{}", run.err);
    }
}

#[test]
fn several_programs_are_checked_at_once() {
    let folder = project();
    assert_eq!(pipewright(folder.path(), &["new", "other"]).code, 0);
    let ran = pipewright(folder.path(), &["check"]);
    assert_eq!(ran.err, "2 programs: fine\n");
}

#[test]
fn what_is_not_there_is_usage() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(pipewright(folder, &["check"]).code, 2, "an empty folder");
    let missing = pipewright(folder, &["check", "nothing.pipe"]);
    assert_eq!(missing.code, 1, "{}", missing.err);
    assert!(missing.err.contains("nothing.pipe"), "{}", missing.err);
    assert_eq!(pipewright(folder, &["frobnicate"]).code, 2);
    let close = pipewright(folder, &["chekc"]);
    assert_eq!(close.code, 2);
    assert!(close.err.contains("check"), "{}", close.err);
    assert_eq!(pipewright(folder, &["--version"]).out, format!("pipewright {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn environments_are_known_by_name() {
    let folder = project();
    let ran = pipewright(folder.path(), &["check", "shop", "--env", "server"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean `servers`?"), "{}", ran.err);
    let yaml = folder.path().join("shop/pipewright.yaml");
    let text = std::fs::read_to_string(&yaml).unwrap();
    std::fs::write(&yaml, text.replace("environments:", "enviroments:")).unwrap();
    let ran = pipewright(folder.path(), &["check", "shop"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean `environments`?"), "{}", ran.err);
    assert!(ran.err.contains("pipewright.yaml:3"), "{}", ran.err);
}

#[test]
fn explain_knows_diagnostics_functions_connectors_and_programs() {
    let folder = project();
    let explain = |what: &str| pipewright(folder.path(), &["explain", what]);
    assert!(explain("unknown-option").out.starts_with("unknown-option\n\nEvery option has a fixed name."));
    let slip = explain("unknwon-option");
    assert_eq!(slip.code, 2);
    assert!(slip.err.contains("did you mean `pipewright explain unknown-option`?"), "{}", slip.err);
    assert!(explain("round").out.starts_with("round("), "{}", explain("round").out);
    assert!(explain("kafka").out.contains("`brokers`"));

    let program = explain("shop/shop.pipe");
    assert_eq!(program.code, 0, "{}", program.err);
    for part in [
        "pipeline shop: exactly once",
        "changelog[order_id]",
        "promises     exactly once, because",
        "upsert by order_id",
        "memory",
    ] {
        assert!(program.out.contains(part), "no `{part}` in\n{}", program.out);
    }
    let plan = pipewright(folder.path(), &["explain", "shop/shop.pipe", "--format", "yaml"]);
    std::fs::write(folder.path().join("plan.yaml"), &plan.out).unwrap();
    for flag in [["--env", "servers"], ["--set", "nothing=1"]] {
        for command in ["run", "explain"] {
            let ran = pipewright(folder.path(), &[command, "plan.yaml", flag[0], flag[1]]);
            assert_eq!(ran.code, 2, "{}", ran.err);
            assert!(ran.err.contains(&format!("`{}` says nothing to a plan", flag[0])), "{}", ran.err);
        }
    }
    let again = pipewright(folder.path(), &["explain", "plan.yaml", "--format", "yaml"]);
    assert_eq!(again.out, plan.out, "a saved plan is the plan");
}

#[test]
fn fmt_changes_what_it_says() {
    let folder = project();
    let path = folder.path().join("shop/shop.pipe");
    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, good.replace("  write = upsert", "      write=upsert")).unwrap();
    let check = pipewright(folder.path(), &["fmt", "--check"]);
    assert_eq!(check.code, 1);
    assert!(check.out.starts_with("shop/shop.pipe:"), "{}", check.out);
    let format = pipewright(folder.path(), &["fmt", "shop/shop.pipe"]);
    assert_eq!((format.code, format.err.as_str()), (0, "formatted shop/shop.pipe\n"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), good);

    let broken = good.replace("pipeline shop {", "pipeline shop {{");
    std::fs::write(&path, &broken).unwrap();
    let ran = pipewright(folder.path(), &["fmt", "shop/shop.pipe"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("left as it is"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
}

#[test]
fn completions_come_for_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = pipewright(folder.path(), &["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("dead-letters"), "{shell}");
    }
}

#[test]
fn what_is_no_program_is_said_with_what_is() {
    let folder = project();
    for (path, said) in
        [("shop", "`shop` is a folder, not a program"), ("shop/sho.pipe", "cannot read `shop/sho.pipe`: no such file")]
    {
        for command in [vec!["run", path], vec!["positions", "ls", path]] {
            let ran = pipewright(folder.path(), &command);
            assert_eq!(ran.code, 2, "{}", ran.err);
            assert_eq!(ran.err, format!("error: {said}\n  help: there are `shop/shop.pipe`\n"), "{command:?}");
        }
    }
    let ran = pipewright(folder.path(), &["run", "nothing.pipe"]);
    assert!(ran.err.ends_with("  help: `pipewright new NAME` starts a project\n"), "{}", ran.err);
}
