//! What `pipewright test` prints: a folder of `tests/test_reports/` is a program with tests and the report of it. `UPDATE=1`
//! writes the reports anew; read them before they are committed.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn test(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pipewright"))
        .arg("test")
        .args(arguments)
        .env_remove("COLUMNS")
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<_> = std::fs::read_dir("tests/test_reports").unwrap().map(|it| it.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 8, "{cases:?}");
    cases
}

#[test]
fn reports_are_as_written_down() {
    let mut wrong = vec![];
    for case in cases() {
        let program = case.join("program.pipe");
        let ran = test(&[program.to_str().unwrap(), "--coverage"]);
        assert_eq!(String::from_utf8(ran.stdout).unwrap(), "", "human reports are talk");
        let report = format!("exit code {}\n\n{}", ran.status.code().unwrap(), String::from_utf8(ran.stderr).unwrap());
        let expected = case.join("report.txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&expected, &report).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != report {
            wrong.push(format!("{}:\n{report}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE=1 writes what is printed now", wrong.join("\n"));
}

#[test]
fn the_layouts_agree_on_what_failed() {
    for case in cases() {
        let program = case.join("program.pipe");
        let program = program.to_str().unwrap();
        let human = String::from_utf8(test(&[program]).stderr).unwrap();
        let json: Value = serde_json::from_slice(&test(&[program, "--format", "json"]).stdout).unwrap();
        let junit = String::from_utf8(test(&[program, "--format", "junit"]).stdout).unwrap();
        let failed = human.lines().filter(|it| it.starts_with("  failed ")).count();
        assert_eq!(json["failed"], failed, "{program}");
        assert_eq!(junit.matches("<failure").count(), failed, "{program}\n{junit}");
    }
}

#[test]
fn tests_are_chosen_by_a_part_of_their_name() {
    let program = "tests/test_reports/different/program.pipe";
    let ran = test(&[program, "WRONG here"]);
    assert_eq!(ran.status.code(), Some(0));
    assert!(String::from_utf8(ran.stderr).unwrap().contains("1 test in 1 program: all passed"));
    let ran = test(&[program, "no such"]);
    assert_eq!(ran.status.code(), Some(2));
    assert_eq!(String::from_utf8(ran.stderr).unwrap(), "error: none of 2 tests has `no such` in its name\n");
    let ran = test(&["nowhere.pipe"]);
    assert_eq!(ran.status.code(), Some(2));
}
