//! `pipewright check [PATH…]`: everything that can be known about programs without a server. Needs nothing but the files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::exit::Exit;
use crate::report::{self, Format, Tally};
use crate::style::Style;
use crate::{output, program};

/// Check programs: syntax, names, types, keys, delivery. Needs nothing but the files
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Programs, or folders in which every program is checked
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The environment of `pipewright.yaml`; without it, the file's default
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// The layout of the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Checks; findings are errors only if one of them is.
pub fn run(arguments: &Arguments) -> Exit {
    let files = match program::pipe_files(&arguments.paths) {
        Ok(files) => files,
        Err(message) => {
            output::complain(&message);
            return Exit::Usage;
        }
    };
    let mut checked = Checked::default();
    // Roots first: what they import is checked with them. What no root imports is checked by itself.
    let given = |path: &Path| arguments.paths.iter().any(|it| it == path);
    let (roots, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| given(path) || program::is_root(path));
    for path in roots {
        checked.root(&path, arguments);
    }
    for path in others {
        if !checked.seen.contains(&identity(&path)) {
            checked.root(&path, arguments);
        }
    }
    checked.end(arguments.format)
}

#[derive(Default)]
struct Checked {
    tally: Tally,
    findings: Vec<Value>,
    seen: BTreeSet<PathBuf>,
    programs: u64,
    unusable: bool,
}

impl Checked {
    fn root(&mut self, path: &Path, arguments: &Arguments) {
        self.programs += 1;
        let compilation = match program::compile_in(path, arguments.env.as_deref(), &[]) {
            Ok(compilation) => compilation,
            Err(problem) => {
                self.tally.errors += 1;
                self.unusable = true;
                match arguments.format {
                    Format::Human => output::talk(&problem.render(Style::stderr())),
                    Format::Short => output::data(&format!("{problem}\n")),
                    Format::Json => self.findings.push(json!({
                        "name": "environment", "severity": "error", "message": problem.message, "help": problem.help,
                        "at": { "file": problem.file, "line": problem.line },
                    })),
                }
                return;
            }
        };
        let (diagnostics, sources) = (&compilation.diagnostics, &compilation.sources);
        self.seen.extend(sources.files().iter().map(|file| identity(Path::new(&file.path))));
        self.tally = self.tally.and(Tally::of(diagnostics));
        match arguments.format {
            Format::Human => output::talk(&report::human::render(diagnostics, sources, Style::stderr())),
            Format::Short => output::data(&report::short::render(diagnostics, sources)),
            Format::Json => self.findings.extend(diagnostics.iter().map(|it| report::json::finding(it, sources))),
        }
    }

    fn end(self, format: Format) -> Exit {
        match format {
            Format::Human if self.tally.is_clean() => {
                output::talk(&format!("{}: fine\n", report::counted(self.programs, "program")));
            }
            Format::Human if self.programs > 1 => {
                output::talk(&format!("{} in {}\n", self.tally, report::counted(self.programs, "program")));
            }
            Format::Human | Format::Short => {}
            Format::Json => {
                let document = json!({
                    "findings": self.findings,
                    "programs": self.programs,
                    "errors": self.tally.errors,
                    "warnings": self.tally.warnings,
                });
                output::data(&format!("{document:#}\n"));
            }
        }
        match (self.unusable, self.tally.errors) {
            (true, _) => Exit::Usage,
            (false, 0) => Exit::Fine,
            (false, _) => Exit::Findings,
        }
    }
}

/// The same file by two paths is one file.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}
