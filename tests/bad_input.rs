//! Whatever comes in, what comes out is a report and an exit code: nothing panics, nothing hangs, no mistake hides another.

use std::path::Path;
use std::process::Command;

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
    let (code, out) = check(folder.path(), program.as_bytes());
    assert_eq!(code, 1);
    assert!(out.contains("error[file-too-large]"), "{out}");
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

/// What stands before a mistake in its line moves it by its characters, whatever they are made of.
#[test]
fn columns_are_right_behind_anything() {
    let folder = tempfile::tempdir().unwrap();
    for before in [
        "",
        "é",
        "e\u{301}",
        "😀",
        "👩\u{200d}👩\u{200d}👧",
        "中文",
        "\\u{1F600}",
        "а",
        "“x”",
        "\u{200b}",
        "\t",
        "x{}#//;&&",
    ] {
        for (indent, end) in [("  ", "\n"), ("\t", "\n"), ("  ", "\r\n"), ("\t \t", "\r\n")] {
            for mark in ["", "\u{feff}"] {
                let step = format!("{indent}| where name == \"{before}\" and idd > 1");
                let text = tail(&format!("transform done from lines\n{step}")).replace('\n', end);
                let (code, out) = check(folder.path(), format!("{mark}{text}").as_bytes());
                assert_eq!(code, 1);
                let line = text.lines().position(|it| it.contains("idd")).unwrap() + 1;
                let column = step.split("idd").next().unwrap().chars().count() + 1;
                let expected =
                    format!("odd.pipe:{line}:{column}: error[unknown-column]: there is no field `idd` here\n");
                assert_eq!(out, expected, "behind {before:?} {indent:?} {end:?}");
            }
        }
    }
}

/// A character that is no part of the language is named once, with its place, and not by all who cannot read it.
#[test]
fn strange_characters_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (step, name, column) in [
        ("| where nаme == \"x\"", "confusable-character", 12),
        ("| where name == “x”", "confusable-character", 19),
        ("| where na\u{200b}me == \"x\"", "confusable-character", 13),
        ("| where name\u{200b} == \"x\"", "confusable-character", 15),
        ("| where id\u{a0}> 1", "confusable-character", 13),
        ("| where id ≥ 1", "foreign-spelling", 14),
        ("| where id – 1 > 0", "confusable-character", 14),
        ("| where name == 'x'", "foreign-spelling", 19),
        ("| where 😀 > 1", "syntax-error", 11),
        ("| where e\u{301} > 1", "syntax-error", 11),
        ("| where id > 1;", "foreign-spelling", 17),
        ("| where id > 1 // why", "foreign-spelling", 18),
        ("| where id\u{0} > 1", "confusable-character", 13),
    ] {
        let text = tail(&format!("transform done from lines\n  {step}"));
        let line = text.lines().position(|it| it.contains(step)).unwrap() + 1;
        let (code, out) = check(folder.path(), text.as_bytes());
        assert_eq!(code, 1, "{step}");
        let expected = format!("odd.pipe:{line}:{column}: error[{name}]");
        assert!(out.starts_with(&expected), "{step}: not {expected}, but {out}");
        assert_eq!(out.lines().count(), 1, "{step}: {out}");
    }
}

/// The marks of a merge are one finding each conflict, and one of the sides is read.
#[test]
fn a_merge_that_is_not_finished() {
    let folder = tempfile::tempdir().unwrap();
    for end in ["\n", "\r\n"] {
        let step = "<<<<<<< HEAD\n  | where id > 1\n||||||| base\n=======\n  | where idd > 2\n>>>>>>> other";
        let text = tail(&format!("transform done from lines\n{step}")).replace('\n', end);
        let (code, out) = check(folder.path(), text.as_bytes());
        assert_eq!(code, 1);
        assert!(out.contains("error[merge-conflict]") && out.lines().count() == 1, "{out}");
    }
}

/// The mark under a mistake stands under it, with tabs and wide characters before it; a line of a megabyte is cut around it.
#[test]
fn marks_stand_under_what_they_mark() {
    let folder = tempfile::tempdir().unwrap();
    for (before, width) in [("", 0), ("é", 1), ("中文", 4), ("😀", 2), ("e\u{301}", 1)] {
        let step = format!("\t| where name == \"{before}\" and idd > 1");
        std::fs::write(folder.path().join("odd.pipe"), tail(&format!("transform done from lines\n{step}"))).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_pipewright"))
            .args(["check", "odd.pipe"])
            .current_dir(folder.path())
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let shown = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines.iter().position(|it| it.contains("idd >")).unwrap();
        assert!(!lines[at].contains('\t'), "{shown}");
        let code = lines[at].split("idd").next().unwrap().chars().count() - before.chars().count() + width;
        let mark = lines[at + 1].find(['─', '┬']).map(|n| lines[at + 1][..n].chars().count()).unwrap();
        assert_eq!(mark, code, "behind {before:?}\n{shown}");
    }
}
