//! `check --fix`, `--diff` and the levels of lints: what they write, what they leave alone, how they end.
//!
//! Over all programs in `tests/ui`: fixes never break a program, and a second `--fix` changes nothing.

use std::path::Path;
use std::process::Command;

use pipewright::fixes::{self, Texts};
use pipewright_compiler::Compilation;
use pipewright_compiler::diagnostics::{Applicability, Diagnostic, Severity};
use pipewright_compiler::environment::Environment;
use walkdir::WalkDir;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn check(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_pipewright"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

const SHOP: &str = "pipeline shop { }\r
connection bus = kafka { embedded = true }\r
connection inbox = files { root = \"data\" }\r
connection warehouse = sqlite { path = \"shop.db\" }\r
type Order = { order_id: int64 @key, customer: string, amount: decimal(12, 2) }\r
source orders_csv: Order from inbox { path = \"orders.csv\" }\r
topic orders: Order from orders_csv\r
\ttransform big from orders\r
transform big from orders\r
  | where amuont > 100.00 && customer <> \"\u{fc}\"   # odd   spaces stay\r
sink big_orders from big to warehouse { tabel = \"big_orders\" }";

fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.pipe"), SHOP.replace("\ttransform big from orders\r\n", "")).unwrap();
    folder
}

#[test]
fn what_is_fixed_is_written_and_the_rest_stays() {
    let folder = shop();
    let path = folder.path().join("shop.pipe");
    let before = std::fs::read_to_string(&path).unwrap();
    let fixed = before.replace("amuont", "amount").replace("&&", "and").replace("<>", "!=").replace("tabel", "table");

    let diff = check(folder.path(), &["--diff"]);
    assert_eq!(diff.code, 1, "{}", diff.err);
    assert!(diff.out.starts_with("--- a/shop.pipe\n+++ b/shop.pipe\n@@ "), "{}", diff.out);
    assert!(diff.out.contains("+  | where amount > 100.00 and customer != "), "{}", diff.out);
    assert_eq!(diff.err, "would apply 4 fixes to shop.pipe\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before, "`--diff` writes nothing");

    let ran = check(folder.path(), &["--fix"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert_eq!(ran.err, "applied 4 fixes to shop.pipe\n1 program: fine\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), fixed);

    let again = check(folder.path(), &["--fix"]);
    assert_eq!((again.code, again.err.as_str()), (0, "1 program: fine\n"));
    let again = check(folder.path(), &["--diff"]);
    assert_eq!((again.code, again.out.as_str(), again.err.as_str()), (0, "", "1 program: fine\n"));
}

#[test]
fn what_cannot_be_fixed_is_still_an_error() {
    let folder = shop();
    let path = folder.path().join("shop.pipe");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("amuont", "nothing_like_it")).unwrap();
    let ran = check(folder.path(), &["--fix", "--format", "short"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("error[unknown-column]") && !ran.out.contains("foreign-spelling"), "{}", ran.out);
    assert!(std::fs::read_to_string(&path).unwrap().contains("table = "));
}

#[test]
fn the_command_line_wins_over_the_file_and_a_comment_over_both() {
    let folder = shop();
    let path = folder.path().join("shop.pipe");
    check(folder.path(), &["--fix"]);
    let fine = std::fs::read_to_string(&path).unwrap();
    let unused = |comment: &str| std::fs::write(&path, format!("{fine}\n{comment}\nparam least: int64 = 5\n")).unwrap();
    unused("");
    let codes = |arguments: &[&str]| check(folder.path(), arguments).code;
    assert_eq!(check(folder.path(), &[]).err.lines().next(), Some("warning[unused-declaration]"));
    assert_eq!(codes(&[]), 0);
    assert_eq!(codes(&["--deny", "warnings"]), 1);
    assert_eq!(codes(&["--deny", "tls-unverified,unused-declaration"]), 1);
    assert_eq!(codes(&["--deny", "warnings", "--warn", "unused-declaration"]), 0);
    assert_eq!(check(folder.path(), &["--allow", "unused-declaration"]).err, "1 program: fine\n");

    std::fs::write(folder.path().join("pipewright.yaml"), "lints:\n  unused-declaration: deny\n").unwrap();
    assert_eq!(codes(&[]), 1);
    assert_eq!(codes(&["--warn", "unused-declaration"]), 0);
    if cfg!(feature = "run") {
        let run = Command::new(env!("CARGO_BIN_EXE_pipewright"))
            .args(["run", "shop.pipe"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(1), "`run` reads `lints` too");
    }
    unused("# pipewright: allow(unused-declaration)");
    assert_eq!(codes(&["--deny", "unused-declaration"]), 0, "who wrote the comment has looked at it");

    std::fs::write(folder.path().join("pipewright.yaml"), "lints:\n  unused-declaratoin: deny\n").unwrap();
    let slip = check(folder.path(), &[]);
    assert_eq!(slip.code, 2);
    assert!(slip.err.contains("pipewright.yaml:2") && slip.err.contains("did you mean `unused-declaration`?"));
    let error = check(folder.path(), &["--allow", "unknown-column"]);
    assert_eq!(error.code, 2);
    assert!(error.err.contains("`unknown-column` is no lint"), "{}", error.err);
}

#[test]
fn fixes_never_break_a_program() {
    let mut broken = vec![];
    let (mut programs, mut applied, mut chosen_fixes) = (0, 0, 0);
    for entry in WalkDir::new("tests/ui").sort_by_file_name() {
        let entry = entry.unwrap();
        let path = entry.path();
        if path.extension().is_none_or(|it| it != "pipe") {
            continue;
        }
        programs += 1;
        let environment = match std::fs::read_to_string(path.with_extension("yaml")) {
            Ok(text) => pipewright::environment::read("pipewright.yaml", &text, None).unwrap(),
            Err(_) => Environment::default(),
        };
        let compile = |texts: &Texts| pipewright::program::compile_from(path, &environment, texts);
        let mut texts = Texts::default();
        let before = compile(&texts);
        let (count, after) = fixes::program(&mut texts, &compile);
        applied += count;
        if fixes::wrong(&after) > fixes::wrong(&before) {
            broken.push(format!("{}: worse than before:\n{}", path.display(), texts.diff()));
        }
        let errors = |it: &[Diagnostic]| it.iter().filter(|it| it.severity == Severity::Error).count();
        // What could not be read may have hidden more than one mistake; nothing else may.
        let unread = |it: &Compilation| fixes::wrong(it).0;
        if unread(&after) == unread(&before) && errors(&after.diagnostics) > errors(&before.diagnostics) {
            broken.push(format!("{}: more errors than before:\n{}", path.display(), texts.diff()));
        }
        let left: Vec<_> = after.diagnostics.iter().flat_map(|it| &it.fixes).collect();
        if let Some(fix) = left.iter().find(|it| it.applicability == Applicability::Safe) {
            broken.push(format!("{}: cannot be applied, so it is not safe: {fix:?}", path.display()));
        }
        let told = |it: &Compilation, what: &Diagnostic| {
            it.diagnostics.iter().filter(|it| (it.name, &it.message) == (what.name, &what.message)).count()
        };
        // What is offered for choice is text of the language, too.
        for (finding, fix) in before.diagnostics.iter().flat_map(|it| it.fixes.iter().map(move |fix| (it, fix))) {
            let chosen = fixes::one(&Texts::default(), fix, &compile);
            chosen_fixes += 1;
            if chosen.as_ref().is_none_or(|it| unread(it) > unread(&before)) {
                broken.push(format!("{}: `{}` cannot be chosen: {fix:?}", path.display(), finding.name));
            } else if chosen.is_some_and(|it| told(&it, finding) >= told(&before, finding)) {
                broken.push(format!("{}: `{}` is still told after {fix:?}", path.display(), finding.name));
            }
        }
        let once = texts.clone();
        let (again, _) = fixes::program(&mut texts, &compile);
        if again > 0 || texts != once {
            broken.push(format!("{}: a second `--fix` changes something:\n{}", path.display(), texts.diff()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(programs > 200 && applied > 10 && chosen_fixes > 40, "{programs} programs, {applied} and {chosen_fixes}");
}
