//! Every example checks without a finding, in every environment it has, and is laid out as `fmt` would; what the README shows
//! exists.

use std::path::{Path, PathBuf};

use pipewright::report::human;
use pipewright::style::Style;
use pipewright_runtime::testing::{Bench, Schedule};

fn examples() -> Vec<PathBuf> {
    let files = pipewright::program::pipe_files(&[PathBuf::from("examples")]).unwrap();
    assert!(files.len() >= 2, "{files:?}");
    files
}

#[test]
fn examples_check_clean() {
    for path in examples() {
        let mut environments = vec![None];
        environments.extend(pipewright::environment::others(&path, None).into_iter().map(Some));
        for environment in environments {
            let compilation = pipewright::program::compile_in(&path, environment.as_deref(), &[]).unwrap();
            let report = human::render(&compilation.diagnostics, &compilation.sources, Style::plain(100));
            assert_eq!(report, "", "{} with {environment:?}", path.display());
            let plan = compilation.plan.expect("a program without findings has a plan");
            let saved = plan.to_yaml().unwrap();
            assert_eq!(pipewright_plan::Plan::from_yaml(&saved).unwrap(), plan, "a saved plan is the plan");
        }
    }
}

#[test]
fn examples_are_formatted() {
    for path in examples() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            pipewright_grammar::format(&text).unwrap(),
            text,
            "{}: run `pipewright fmt examples`",
            path.display()
        );
    }
}

#[test]
fn tests_of_examples_pass_whatever_the_schedule() {
    let mut played = 0;
    for path in examples() {
        let compilation = pipewright::program::compile_in(&path, None, &[]).unwrap();
        let mut bench = Bench::new(&compilation.plan.unwrap(), &compilation.tests).unwrap();
        for test in &compilation.tests {
            for seed in 0..20 {
                let outcome = bench.run(test, Schedule { seed });
                assert_eq!(outcome.failures, [], "{}: {} with seed {seed}", path.display(), test.name);
            }
            played += 1;
        }
    }
    assert!(played >= 5, "{played} tests");
}

#[test]
fn files_that_examples_read_are_there() {
    for path in ["examples/retail/data/online_retail.csv.gz", "examples/access_log/data/apache_access.log.gz"] {
        assert!(Path::new(path).is_file(), "{path}");
    }
}

/// The blocks of a document that are programs or parts of one.
fn blocks(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(document).unwrap();
    let blocks = text.split("```pipe\n").skip(1).filter_map(|it| it.split("```").next());
    blocks.map(String::from).collect()
}

fn is_whole(block: &str) -> bool {
    block.lines().any(|line| line.starts_with("pipeline "))
}

fn compiled(text: &str) -> pipewright_compiler::Compilation {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("block.pipe");
    std::fs::write(&path, text).unwrap();
    pipewright::program::compile_in(&path, None, &[]).unwrap()
}

fn report(text: &str) -> String {
    let compilation = compiled(text);
    human::render(&compilation.diagnostics, &compilation.sources, Style::plain(100))
}

/// Plays the tests of a program, which must pass. Gives how many there are.
fn play(text: &str) -> usize {
    let compilation = compiled(text);
    if compilation.tests.is_empty() {
        return 0;
    }
    let mut bench = Bench::new(&compilation.plan.unwrap(), &compilation.tests).unwrap();
    for test in &compilation.tests {
        assert_eq!(bench.run(test, Schedule { seed: 7 }).failures, [], "{}", test.name);
    }
    compilation.tests.len()
}

/// Programs in the documents are programs: a block that begins with a `pipeline` checks without a finding.
#[test]
fn programs_in_the_documents_check() {
    let mut seen = 0;
    for document in ["README.md", "docs/language.md", "CONTRIBUTING.md"] {
        for block in blocks(document).iter().filter(|it| is_whole(it)) {
            seen += 1;
            assert_eq!(report(block), "", "a program in {document}");
        }
    }
    assert!(seen > 0, "no document shows a whole program");
}

/// In the chapters of the book every block is a program, or a part of the first program of its page.
#[test]
fn every_example_of_the_book_checks_and_its_tests_pass() {
    let (mut seen, mut played) = (0, 0);
    for document in chapters() {
        let blocks = blocks(&document);
        let first = blocks.iter().find(|it| is_whole(it)).cloned().unwrap_or_default();
        for block in &blocks {
            seen += 1;
            let text = if is_whole(block) { block.clone() } else { format!("{first}\n{block}") };
            assert_eq!(report(&text), "", "in {document}:\n{block}");
            played += play(&text);
        }
    }
    assert!(seen > 30, "{seen}");
    assert!(played > 0, "no chapter has a test that can be played");
}

/// Every section of the options has an example that shows each of its options.
#[test]
fn every_option_has_an_example() {
    use pipewright::reference::examples::EXAMPLES;
    // One that cannot stand beside `brokers`, and those that are answered with `not-yet`.
    let elsewhere =
        ["embedded", "schema_registry", "was", "on_late", "event_time", "lateness", "idle_after", "max_future"];
    let registry = pipewright::program::registry();
    let mut sections: Vec<(&str, Vec<&str>)> = vec![];
    let names = |specs: &'static [pipewright_plan::OptionSpec]| specs.iter().map(|it| it.name).collect::<Vec<_>>();
    sections.extend(pipewright_compiler::nodes::BLOCKS.iter().map(|(name, specs)| (*name, names(specs))));
    for it in registry.connectors {
        let all = [Some(it.connection), it.source, it.sink.map(|it| it.options)]
            .into_iter()
            .flatten()
            .flat_map(names)
            .collect();
        sections.push((it.name, all));
    }
    sections.extend(registry.codecs.iter().map(|it| (it.name, names(it.options))));
    assert_eq!(sections.len(), EXAMPLES.len());
    for (section, options) in sections {
        let program = EXAMPLES.iter().find(|(name, _)| *name == section).unwrap_or_else(|| panic!("{section}")).1;
        assert_eq!(report(program), "", "the example of {section}");
        assert_eq!(pipewright_grammar::format(program).unwrap(), program, "the example of {section} is laid out");
        for option in options.iter().filter(|it| !elsewhere.contains(it)) {
            let shown = program.contains(&format!("{option} = ")) || program.contains(&format!("`{option}` = "));
            assert!(shown, "the example of {section} does not show `{option}`");
        }
    }
}

/// The chapters that are written by hand: examples of diagnostics are what `tests/ui` holds.
fn chapters() -> Vec<String> {
    let summary = std::fs::read_to_string("docs/SUMMARY.md").unwrap();
    let links = summary.split("](").skip(1).filter_map(|it| it.split(')').next());
    let list: Vec<String> = links.map(|it| format!("docs/{it}")).collect();
    for path in &list {
        assert!(Path::new(path).is_file(), "{path} is in the summary of the book, and not there");
    }
    list.into_iter().filter(|it| it != "docs/diagnostics.md").collect()
}

#[test]
fn the_book_has_every_page_statement_step_and_type() {
    let chapters = chapters();
    for entry in walkdir::WalkDir::new("docs") {
        let path = entry.unwrap().into_path().to_string_lossy().replace('\\', "/");
        let listed = chapters.contains(&path) || path.ends_with("SUMMARY.md") || path.ends_with("diagnostics.md");
        assert!(!path.ends_with(".md") || listed, "{path} is in no chapter of docs/SUMMARY.md");
    }
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let (statements, steps, types) = (read("docs/statements.md"), read("docs/steps.md"), read("docs/types.md"));
    for keyword in pipewright_grammar::KEYWORDS {
        let headings = statements.lines().filter(|it| it.starts_with("## "));
        assert!(headings.into_iter().any(|it| it.contains(&format!("`{keyword}`"))), "statement {keyword}");
    }
    for keyword in pipewright_grammar::STEP_KEYWORDS {
        let word = |it: &str| it.contains(&format!("`{keyword}`")) || it.contains(&format!("`{keyword} "));
        assert!(steps.lines().any(word), "step {keyword}");
    }
    for ty in
        ["bool", "int32", "int64", "float64", "decimal(p, s)", "string", "bytes", "uuid", "date", "time", "timestamp"]
    {
        assert!(types.contains(&format!("`{ty}`")), "type {ty}");
    }
    for ty in ["local_timestamp", "duration", "json", "list<T>", "map<string, T>", "T?", "@key", "@fixed", "@pii"] {
        assert!(types.contains(&format!("`{ty}`")), "type {ty}");
    }
}

/// The finding in the README is the one that `tests/ui` holds.
#[test]
fn the_finding_in_the_readme_is_real() {
    let report = std::fs::read_to_string("tests/ui/upsert-order/fail.txt").unwrap();
    let finding = report.split("\n1 error in").next().unwrap().trim_end();
    assert!(std::fs::read_to_string("README.md").unwrap().contains(finding), "{finding}");
}
