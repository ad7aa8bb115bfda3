//! `pipewright check [PATH…]`: everything that can be known about programs without a server. Needs nothing but the files.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use pipewright_compiler::diagnostics::Diagnostic;
use pipewright_compiler::levels::Said;
use pipewright_compiler::source::Sources;

use super::environments;
use super::lint_flags::LintFlags;
use crate::environment::{self, Problem};
use crate::exit::Exit;
use crate::fixes::{self, Texts};
use crate::report::checked::Program;
use crate::report::{self, Format, Tally};
use crate::style::Style;
use crate::{output, program};

/// Check programs: syntax, names, types, keys, delivery. Needs nothing but the files
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Programs, or folders in which every program is checked
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// One environment of `pipewright.yaml`; without it, the default and all others are checked
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// The layout of the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Apply the fixes that need no choice, and report what is left
    #[arg(long)]
    fix: bool,
    /// Print what `--fix` would change as a unified diff, and write nothing; exit with 1 if something would change
    #[arg(long, conflicts_with = "format")]
    diff: bool,
    #[command(flatten)]
    lints: LintFlags,
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
    let levels = match arguments.lints.said() {
        Ok(levels) => levels,
        Err(problem) => {
            output::complain(&problem.message);
            problem.help.iter().for_each(|help| output::talk(&format!("  help: {help}\n")));
            return Exit::Usage;
        }
    };
    let mut checked = Checked { levels, ..Checked::default() };
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
    let fixed = checked.fixed(arguments);
    match fixed {
        Exit::Fine => checked.end(arguments.format),
        // "Fine" would be said of texts that are not there.
        exit if checked.tally.is_clean() => exit,
        exit => exit.max(checked.end(arguments.format)),
    }
}

#[derive(Default)]
struct Checked {
    tally: Tally,
    /// For layouts that are one document.
    programs: Vec<Program>,
    seen: BTreeSet<PathBuf>,
    count: u64,
    unusable: bool,
    levels: Said,
    texts: Texts,
    fixes: usize,
}

impl Checked {
    fn root(&mut self, path: &Path, arguments: &Arguments) {
        self.count += 1;
        let root = path.to_string_lossy().into_owned();
        let (diagnostics, sources) = match self.compile(path, arguments) {
            Ok(checked) => checked,
            Err(problem) => {
                self.tally.errors += 1;
                self.unusable = true;
                match arguments.format {
                    Format::Human => output::talk(&problem.render(Style::stderr())),
                    Format::Short => output::data(&format!("{problem}\n")),
                    Format::Json | Format::Sarif | Format::Github | Format::Gitlab | Format::Junit => {
                        let (diagnostic, sources) = problem.finding();
                        self.programs.push(Program { root, diagnostics: vec![diagnostic], sources });
                    }
                }
                return;
            }
        };
        self.seen.extend(sources.files().iter().map(|file| identity(Path::new(&file.path))));
        self.tally = self.tally.and(Tally::of(&diagnostics));
        match arguments.format {
            Format::Human => output::talk(&report::human::render(&diagnostics, &sources, Style::stderr())),
            Format::Short => output::data(&report::short::render(&diagnostics, &sources)),
            Format::Json | Format::Sarif | Format::Github | Format::Gitlab | Format::Junit => {
                self.programs.push(Program { root, diagnostics, sources });
            }
        }
    }

    /// The program as it is, or as it is after its fixes, in one environment or in all.
    fn compile(&mut self, path: &Path, arguments: &Arguments) -> Result<(Vec<Diagnostic>, Sources), Problem> {
        let mut first = environment::load(path, arguments.env.as_deref())?;
        first.lints.flags = self.levels.clone();
        let mut environments = vec![first];
        if arguments.env.is_none() {
            for name in environment::others(path, environments.first().and_then(|it| it.name.as_deref())) {
                let mut other = environment::load(path, Some(&name))?;
                other.lints.flags = self.levels.clone();
                environments.push(other);
            }
        }
        let mut compilations = vec![];
        for environment in &mut environments {
            let compilation = if compilations.is_empty() && (arguments.fix || arguments.diff) {
                let compile = |texts: &Texts| program::compile_from(path, environment, texts);
                let (count, compilation) = fixes::program(&mut self.texts, &compile);
                self.fixes += count;
                compilation
            } else {
                program::compile_from(path, environment, &self.texts)
            };
            let compilation = match program::forget_params_of_others(path, environment, &compilation) {
                false => compilation,
                true => program::compile_from(path, environment, &self.texts),
            };
            compilations.push((environment.name.clone(), compilation));
        }
        Ok(environments::merge(compilations))
    }

    /// Writes the fixed files, or shows what would be written.
    fn fixed(&self, arguments: &Arguments) -> Exit {
        let changed = self.texts.changed();
        if changed.is_empty() {
            return Exit::Fine;
        }
        let files =
            if let [one] = changed.as_slice() { one.clone() } else { report::counted(changed.len() as u64, "file") };
        let what = format!("{} to {files}\n", report::counted_in(self.fixes as u64, "fix", "fixes"));
        if arguments.diff {
            output::data(&self.texts.diff());
            output::talk(&format!("would apply {what}"));
            return Exit::Findings;
        }
        if let Err(message) = self.texts.write() {
            output::complain(&message);
            return Exit::Usage;
        }
        output::talk(&format!("applied {what}"));
        Exit::Fine
    }

    fn end(self, format: Format) -> Exit {
        match format {
            Format::Human if self.tally.is_clean() => {
                output::talk(&format!("{}: fine\n", report::counted(self.count, "program")));
            }
            Format::Human if self.count > 1 => {
                output::talk(&format!("{} in {}\n", self.tally, report::counted(self.count, "program")));
            }
            Format::Human | Format::Short => {}
            Format::Json => output::data(&report::json::render(&self.programs, self.tally)),
            Format::Sarif => match report::sarif::render(&self.programs) {
                Ok(document) => output::data(&document),
                Err(error) => {
                    output::complain(&error.to_string());
                    return Exit::Bug;
                }
            },
            Format::Github => github(&self.programs),
            Format::Gitlab => output::data(&report::gitlab::render(&self.programs)),
            Format::Junit => output::data(&report::findings_junit::render(&self.programs)),
        }
        match (self.unusable, self.tally.errors) {
            (true, _) => Exit::Usage,
            (false, 0) => Exit::Fine,
            (false, _) => Exit::Findings,
        }
    }
}

/// Annotations to the log of the step, the whole list to the summary of the job, where a workflow runs.
fn github(programs: &[Program]) {
    let workspace = std::env::var_os("GITHUB_WORKSPACE").map(|it| identity(Path::new(&it)));
    let here = identity(Path::new("."));
    let base = workspace.and_then(|it| here.strip_prefix(it).map(Path::to_path_buf).ok()).unwrap_or_default();
    output::data(&report::github::annotations(programs, &base));
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|it| !it.is_empty()) else { return };
    let append = || std::fs::OpenOptions::new().append(true).create(true).open(&path);
    let summary = report::github::summary(programs);
    if let Err(error) = append().and_then(|mut file| file.write_all(summary.as_bytes())) {
        output::complain(&format!("cannot write the summary of the job: {}", program::reason(&error)));
    }
}

/// The same file by two paths is one file.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}
