//! Whatever comes in, what comes out is a report and an exit code: nothing panics, nothing hangs, no mistake hides another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn check(folder: &Path, program: &[u8]) -> (i32, String) {
    std::fs::write(folder.join("odd.pipe"), program).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_pipewright"))
        .args(["check", "--format", "short", "odd.pipe"])
        .current_dir(folder)
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!talk.contains("bug"), "{talk}");
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stdout).unwrap())
}

const HEAD: &str = "\
pipeline odd { delivery = exactly_once }

connection files = files { root = \"data\" }
connection bus   = kafka { embedded = true }
connection db    = sqlite { path = \"odd.db\" }

type Row = { id: int64, name: string }

source rows: Row from files { path = \"rows.csv\", format = csv }
";

fn tail(transform: &str) -> String {
    format!(
        "{HEAD}\ntopic lines: Row on bus from rows {{ partition_key = id, partitions = 2 }}\n\n{transform}\n\n\
         sink stored from done to db {{ table = \"stored\", write = append }}\n"
    )
}

#[test]
fn the_program_around_the_odd_things_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out) = check(folder.path(), tail("transform done from lines\n  | derive x = id + 1").as_bytes());
    assert_eq!((code, out.as_str()), (0, ""));
}

#[test]
fn five_thousand_parentheses() {
    let folder = tempfile::tempdir().unwrap();
    for (open, close) in [("(", ")"), ("[", "]"), ("not (", ")"), ("if true then ", " else 1"), ("-(", ")")] {
        let nested = format!("{}1{}", open.repeat(5_000), close.repeat(5_000));
        let program = tail(&format!("transform done from lines\n  | derive x = {nested}"));
        let (code, out) = check(folder.path(), program.as_bytes());
        assert_eq!(code, 1, "{open}");
        assert!(out.contains("error[nested-too-deeply]"), "{open}: {}", out.chars().take(300).collect::<String>());
    }
    let open = tail(&format!("transform done from lines\n  | derive x = {}", "(".repeat(5_000)));
    assert_eq!(check(folder.path(), open.as_bytes()).0, 1);
    let long = tail(&format!("transform done from lines\n  | derive x = {}id", "id + ".repeat(5_000)));
    assert!(check(folder.path(), long.as_bytes()).0 <= 1, "a long sum");
}

#[test]
fn ten_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = tail("transform done from lines\n  | derive x = id + 1");
    let line = "# a comment line that is rather long, and says nothing at all, again and again and again\n";
    program.push_str(&line.repeat(5 << 20 >> 6));
    for number in 0..40_000 {
        program
            .push_str(&format!("transform t{number} from lines\n  | where id > {number} and name != \"n{number}\"\n"));
    }
    assert!(program.len() > 9 << 20, "{}", program.len());
    let began = Instant::now();
    let (code, out) = check(folder.path(), program.as_bytes());
    assert_eq!(code, 1);
    assert!(out.contains("error[file-too-large]"), "{out}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?} even without optimisation", began.elapsed());
}

#[test]
fn one_line_of_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let program = tail(&format!("transform done from lines\n  | derive x = \"{}\" + 1", "y".repeat(1 << 20)));
    std::fs::write(folder.path().join("odd.pipe"), program).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_pipewright"))
        .args(["check", "odd.pipe"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.len() < 20_000, "{} bytes of report", output.stderr.len());
}

#[test]
fn empty_and_almost_empty_files() {
    let folder = tempfile::tempdir().unwrap();
    for program in ["", "\n\n", "# only a comment", "\u{FEFF}", "\0", "}", "\"\"\"", "|", "pipeline"] {
        let (code, out) = check(folder.path(), program.as_bytes());
        assert_eq!(code, 1, "{program:?}");
        assert!(out.contains("odd.pipe:"), "{program:?}: {out}");
    }
}

#[test]
fn not_utf8() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = tail("transform done from lines\n  | derive x = id + 1").into_bytes();
    program.extend(b"# \xff\xfe\n");
    let (code, out) = check(folder.path(), &program);
    assert_eq!(code, 1);
    assert!(out.contains("UTF-8"), "{out}");
}

#[test]
fn three_mistakes_in_two_files_are_three_findings() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("types.pipe"), "type Row = {\n  id: int46\n  name: string\n}\n").unwrap();
    let program = tail("transform done from lines\n  | derive x = nmae")
        .replace("type Row = { id: int64, name: string }", "import \"types.pipe\"")
        .replace("write = append", "wirte = append");
    let (code, out) = check(folder.path(), program.as_bytes());
    assert_eq!(code, 1);
    let found: Vec<(&str, &str)> =
        out.lines().map(|line| (line.split(':').next().unwrap(), line.split(['[', ']']).nth(1).unwrap())).collect();
    assert_eq!(
        found,
        [("odd.pipe", "unknown-column"), ("odd.pipe", "unknown-option"), ("types.pipe", "unknown-type")],
        "{out}"
    );
}

#[test]
fn an_open_brace_in_the_first_of_twenty_declarations_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = tail("transform done from lines\n  | derive x = id + 1").replace(
        "type Row = { id: int64, name: string }",
        "type First = { id: int64, name: string\n\ntype Row = { id: int64, name: string }",
    );
    for number in 0..20 {
        program.push_str(&format!("type Extra{number} = {{ id: int64 }}\n"));
    }
    program.push_str("type Last = { id: int46 }\n");
    let (code, out) = check(folder.path(), program.as_bytes());
    assert_eq!(code, 1);
    let errors: Vec<&str> = out.lines().filter(|it| it.contains(": error[")).collect();
    assert_eq!(errors.len(), 2, "{out}");
    assert!(errors[0].contains("error[unclosed-bracket]"), "{out}");
    assert!(errors[1].contains("error[unknown-type]"), "the last declaration is looked at too: {out}");
}

#[test]
fn import_circles_and_files_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.pipe"), "import \"odd.pipe\"\nimport \"a.pipe\"\n").unwrap();
    let program =
        format!("import \"a.pipe\"\nimport \"gone.pipe\"\n{}", tail("transform done from lines\n  | where id > 0"));
    let (code, out) = check(folder.path(), program.as_bytes());
    assert_eq!(code, 1);
    assert!(out.contains("gone.pipe"), "{out}");
}
