//! The reports, as users read them: `tests/ui/<diagnostic>/fail*.pipe` beside the expected text, `pass*.pipe` without a finding.
//! A `fail.yaml` beside `fail.pipe` is its `pipewright.yaml`, a `fail.set` holds what `--set` would be given, a line each.
//! `UPDATE=1 cargo test --test text ui::` writes the texts anew; read the difference before you keep it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pipewright::report::human;
use pipewright::style::Style;
use pipewright_compiler::Compilation;
use pipewright_compiler::diagnostics::PAGES;
use pipewright_compiler::environment::Environment;

const WIDTH: usize = 100;

/// Programs whose reports are true and do not help enough, each with the reason in its first lines, in the open. A report that
/// got better moves to the folder of its diagnostic.
const NOT_GOOD_ENOUGH: &str = "not_good_enough";

fn folders() -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> =
        std::fs::read_dir("tests/ui").unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_dir()).collect();
    list.retain(|it| !it.ends_with(NOT_GOOD_ENOUGH));
    list.sort();
    list
}

fn programs(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "pipe"))
        .filter(|it| it.file_name().unwrap().to_string_lossy().starts_with(prefix))
        .collect();
    list.sort();
    list
}

fn compile(path: &Path) -> Compilation {
    let mut environment = match std::fs::read_to_string(path.with_extension("yaml")) {
        Ok(text) => pipewright::environment::read("pipewright.yaml", &text, None).unwrap(),
        Err(_) => Environment::default(),
    };
    for line in std::fs::read_to_string(path.with_extension("set")).unwrap_or_default().lines() {
        let (name, value) = line.split_once('=').unwrap();
        environment.set.insert(name.to_string(), value.to_string());
    }
    pipewright::program::compile(path, &environment)
}

fn render(compilation: &Compilation) -> String {
    human::render(&compilation.diagnostics, &compilation.sources, Style::plain(WIDTH))
}

#[test]
fn what_is_wrong_is_reported_as_written_down() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut different = vec![];
    for folder in folders() {
        for program in programs(&folder, "fail") {
            let compilation = compile(&program);
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            if !compilation.diagnostics.iter().any(|it| it.name == name) {
                different.push(format!("{} does not show `{name}`:\n{}", program.display(), render(&compilation)));
                continue;
            }
            let (expected, text) = (program.with_extension("txt"), render(&compilation));
            if update {
                std::fs::write(&expected, &text).unwrap();
            } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
                different.push(format!("{}:\n{text}", expected.display()));
            }
        }
    }
    assert!(different.is_empty(), "these reports changed (UPDATE=1 writes them anew):\n\n{}", different.join("\n"));
}

#[test]
fn what_is_not_good_enough_is_kept_in_the_open() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut different = vec![];
    for program in programs(&Path::new("tests/ui").join(NOT_GOOD_ENOUGH), "") {
        let why = std::fs::read_to_string(&program).unwrap();
        assert!(why.starts_with("# Not good enough: "), "{} does not say why", program.display());
        let (expected, text) = (program.with_extension("txt"), render(&compile(&program)));
        if update {
            std::fs::write(&expected, &text).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            different.push(format!("{}:\n{text}", expected.display()));
        }
    }
    assert!(different.is_empty(), "these reports changed (UPDATE=1 writes them anew):\n\n{}", different.join("\n"));
}

#[test]
fn what_is_right_is_not_reported() {
    let reports: Vec<String> = folders()
        .iter()
        .flat_map(|folder| programs(folder, "pass"))
        .map(|program| render(&compile(&program)))
        .filter(|text| !text.is_empty())
        .collect();
    assert!(reports.is_empty(), "{}", reports.join("\n"));
}

#[test]
fn every_diagnostic_shows_a_failing_and_a_passing_program() {
    let folders: BTreeSet<String> =
        folders().iter().map(|it| it.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let names: BTreeSet<String> = PAGES.iter().map(|(name, _)| (*name).to_string()).collect();
    let without: Vec<&String> = names.difference(&folders).filter(|it| !cannot_happen_yet(it)).collect();
    assert!(without.is_empty(), "these have no folder in tests/ui: {without:?}");
    let strangers: Vec<&String> = folders.difference(&names).collect();
    assert!(strangers.is_empty(), "these folders of tests/ui name no diagnostic: {strangers:?}");
    for prefix in ["fail", "pass"] {
        let empty =
            |name: &&String| !cannot_happen_yet(name) && programs(&Path::new("tests/ui").join(name), prefix).is_empty();
        let without: Vec<&String> = names.iter().filter(empty).collect();
        assert!(without.is_empty(), "these have no {prefix}.pipe: {without:?}");
    }
}

/// What no program can show because nothing that is built in does it; said by a test below, so that it does not outlive its
/// reason.
fn cannot_happen_yet(name: &str) -> bool {
    // `tests/bad_input.rs` shows `file-too-large`: its program would be megabytes long.
    name == "column-type" || name == "file-too-large"
}

#[test]
fn no_database_refuses_a_type_yet() {
    use pipewright_plan::{Base, Field};
    let bases = [
        Base::Bool,
        Base::Int32,
        Base::Int64,
        Base::Float64,
        Base::Decimal { precision: 38, scale: 38 },
        Base::String,
        Base::Bytes,
        Base::Uuid,
        Base::Date,
        Base::Time,
        Base::Timestamp,
        Base::LocalTimestamp,
        Base::Duration,
        Base::Json,
        Base::List(Box::new(Base::Int64.required())),
        Base::Map(Box::new(Base::Int64.optional())),
        Base::Record(vec![Field::new("a", Base::Int64.required())]),
        Base::Set(vec!["a".into()]),
    ];
    for connector in pipewright::program::registry().connectors.iter().filter(|it| it.sink.is_some()) {
        for base in &bases {
            let refused = (connector.column)(&base.clone().required());
            assert_eq!(
                refused,
                Ok(()),
                "{} refuses {base}: `column-type` needs a folder in tests/ui now",
                connector.name
            );
        }
    }
}

#[test]
fn wording_keeps_its_rules() {
    let mut broken = vec![];
    for program in folders().iter().flat_map(|folder| programs(folder, "fail")) {
        for it in compile(&program).diagnostics {
            let message = &it.message;
            let mut hold = |rule: &str, holds: bool| {
                if !holds {
                    broken.push(format!("{rule}: {}: {message}", program.display()));
                }
            };
            hold("80 columns or more", message.chars().count() < 80);
            hold("a full stop", !message.ends_with('.'));
            // `U+201C` is how a character is named.
            hold("upper case", !message.starts_with(char::is_uppercase) || message.starts_with("U+"));
            hold("several lines", !message.contains('\n'));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn pages_show_programs() {
    let mut broken = vec![];
    for (name, page) in PAGES {
        let shows = page.contains("```pipe\n") || page.contains("```yaml\n") || cannot_happen_yet(name);
        if !shows || !page.matches("```").count().is_multiple_of(2) {
            broken.push(name);
        }
    }
    assert!(broken.is_empty(), "the pages of these show no program in a closed block: {broken:?}");
    let names: Vec<&str> = PAGES.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted(), "PAGES is sorted by name");
}
