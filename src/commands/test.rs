//! `pipewright test [PATH…] [NAME…]`: plays the `test` blocks of programs. Needs nothing but the files: rows go through the
//! engine of `run` into memory.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;
use pipewright_runtime::testing::{Bench, Schedule};

use crate::exit::Exit;
use crate::report::test::{Covered, Line, Played};
use crate::report::{self, test};
use crate::style::Style;
use crate::{output, program};

/// Play the tests of programs: given rows through the real engine, on a clock of their own, without any server
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Programs, folders in which every program is tested, and parts of the names of tests
    #[arg(value_name = "PATH or NAME")]
    what: Vec<String>,
    /// The environment of `pipewright.yaml`; without it, the file's default
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Set a parameter: `--set min_amount=5`
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::run::assignment)]
    set: Vec<(String, String)>,
    /// List what no test has reached: conditions, branches, bad records
    #[arg(long)]
    coverage: bool,
    /// Where epochs end, who reads what when, and what a `restart` loses; no seed changes a result
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// The layout of the results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The layout of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a test; what failed with its rows
    #[default]
    Human,
    /// Everything, as one JSON document
    Json,
    /// XML, as CI systems read it
    Junit,
}

/// Plays; a failed test or a program with errors is a finding.
pub fn run(arguments: &Arguments) -> Exit {
    let (paths, names) = match sort(&arguments.what) {
        Ok(sorted) => sorted,
        Err(message) => {
            output::complain(&message);
            return Exit::Usage;
        }
    };
    let files = match program::pipe_files(&paths) {
        Ok(files) => files,
        Err(message) => {
            output::complain(&message);
            return Exit::Usage;
        }
    };
    let mut session = Session { arguments, names, played: vec![], broken: 0, unusable: false, known: 0 };
    // Imported files are tested with the programs that import them.
    let given = |path: &Path| paths.iter().any(|it| it == path);
    for path in files.into_iter().filter(|path| given(path) || program::is_root(path)) {
        session.program(&path);
    }
    session.end()
}

/// What exists is a path, what looks like one must exist; the rest are parts of names.
fn sort(what: &[String]) -> Result<(Vec<PathBuf>, Vec<String>), String> {
    let (mut paths, mut names) = (vec![], vec![]);
    for it in what {
        if Path::new(it).exists() {
            paths.push(PathBuf::from(it));
        } else if it.ends_with(".pipe") || it.contains('/') {
            return Err(format!("cannot read `{it}`: no such file"));
        } else {
            names.push(it.to_lowercase());
        }
    }
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    Ok((paths, names))
}

struct Session<'a> {
    arguments: &'a Arguments,
    names: Vec<String>,
    played: Vec<Played>,
    /// Programs that could not be tested.
    broken: usize,
    unusable: bool,
    /// Tests there are, wanted or not.
    known: usize,
}

impl Session<'_> {
    fn program(&mut self, path: &Path) {
        let style = Style::stderr();
        let compilation = match program::compile_in(path, self.arguments.env.as_deref(), &self.arguments.set) {
            Ok(compilation) => compilation,
            Err(problem) => {
                output::talk(&problem.render(style));
                self.unusable = true;
                return;
            }
        };
        let Some(plan) = &compilation.plan else {
            output::talk(&report::human::render(&compilation.diagnostics, &compilation.sources, style));
            self.broken += 1;
            return;
        };
        let sources = &compilation.sources;
        self.known += compilation.tests.len();
        let is_wanted = |name: &str| {
            let name = name.to_lowercase();
            self.names.is_empty() || self.names.iter().any(|it| name.contains(it))
        };
        let wanted: Vec<_> = compilation.tests.into_iter().filter(|it| is_wanted(&it.name)).collect();
        if wanted.is_empty() && !self.arguments.coverage {
            return;
        }
        let mut bench = match Bench::new(plan, &wanted) {
            Ok(bench) => bench,
            Err(error) => {
                output::complain(&format!("{}: {}", path.display(), error.message));
                self.broken += 1;
                return;
            }
        };
        let mut played = Played { file: path.display().to_string(), tests: vec![], coverage: None };
        for test in &wanted {
            let begun = Instant::now();
            let outcome = bench.run(test, Schedule { seed: self.arguments.seed });
            let failures = outcome.failures.iter().map(|it| test::failure(it, plan, sources)).collect();
            played.tests.push(Line {
                name: test.name.clone(),
                place: plan.place(test.origin),
                took: begun.elapsed(),
                failures,
            });
        }
        if self.arguments.coverage {
            let reachable = bench.coverage();
            played.coverage = Some(reachable.iter().map(|it| Covered::new(it, plan, sources)).collect());
        }
        self.played.push(played);
    }

    fn end(self) -> Exit {
        let tests = || self.played.iter().flat_map(|it| &it.tests);
        let failed = tests().filter(|it| !it.failures.is_empty()).count();
        if !self.names.is_empty() && tests().next().is_none() && self.broken == 0 && !self.unusable {
            let names = self.names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" or ");
            output::complain(&format!(
                "none of {} has {names} in its name",
                report::counted(self.known as u64, "test")
            ));
            return Exit::Usage;
        }
        match self.arguments.format {
            Format::Human => output::talk(&test::render(&self.played, self.broken, Style::stderr())),
            Format::Json => output::data(&format!("{:#}\n", report::test_json::document(&self.played))),
            Format::Junit => match report::test_junit::document(&self.played) {
                Ok(text) => output::data(&text),
                Err(message) => output::complain(&message),
            },
        }
        match (self.unusable, failed + self.broken) {
            (true, _) => Exit::Usage,
            (false, 0) => Exit::Fine,
            (false, _) => Exit::Findings,
        }
    }
}
