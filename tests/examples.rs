//! Every example checks without a finding, in every environment it has, and is laid out as `fmt` would; what the README shows
//! exists.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

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

/// Programs in the documents are programs: a block that begins with a `pipeline` checks without an error.
#[test]
fn programs_in_the_documents_check() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for document in ["README.md", "docs/language.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(document).unwrap();
        for block in text.split("```pipe\n").skip(1).filter_map(|it| it.split("```").next()) {
            if !block.lines().any(|line| line.starts_with("pipeline ")) {
                continue;
            }
            seen += 1;
            let path = folder.path().join(format!("block{seen}.pipe"));
            std::fs::write(&path, block).unwrap();
            let compilation = pipewright::program::compile_in(&path, None, &[]).unwrap();
            let report = human::render(&compilation.diagnostics, &compilation.sources, Style::plain(100));
            assert_eq!(report, "", "a program in {document}");
        }
    }
    assert!(seen > 0, "no document shows a whole program");
}

/// The finding in the README is the one that `tests/ui` holds.
#[test]
fn the_finding_in_the_readme_is_real() {
    let report = std::fs::read_to_string("tests/ui/upsert-order/fail.txt").unwrap();
    let finding = report.split("\n1 error in").next().unwrap().trim_end();
    assert!(std::fs::read_to_string("README.md").unwrap().contains(finding), "{finding}");
}
