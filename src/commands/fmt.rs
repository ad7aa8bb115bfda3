//! `pipewright fmt [--check] [PATH…|-]`: one canonical layout. A file that does not parse is left as it is, and what is wrong
//! with it is shown.

use std::io::Read;
use std::path::{Path, PathBuf};

use pipewright_compiler::environment::Environment;

use crate::exit::Exit;
use crate::style::Style;
use crate::{output, program, report};

/// Lay out programs in the one canonical way; comments survive
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files, folders, or `-` to read stdin and write stdout
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Change nothing; exit with 1 if something would change
    #[arg(long)]
    check: bool,
}

/// Formats.
pub fn run(arguments: &Arguments) -> Exit {
    if arguments.paths == [Path::new("-")] {
        return stdin(arguments.check);
    }
    let files = match program::pipe_files(&arguments.paths) {
        Ok(files) => files,
        Err(message) => {
            output::complain(&message);
            return Exit::Usage;
        }
    };
    let mut exit = Exit::Fine;
    for path in files {
        match file(&path, arguments.check) {
            Ok(Outcome::AsItWas) => {}
            Ok(Outcome::Changed) => output::talk(&format!("formatted {}\n", path.display())),
            Ok(Outcome::WouldChange(line)) => {
                output::data(&format!("{}:{line}: would be formatted\n", path.display()));
                exit = Exit::Findings;
            }
            Err(message) => {
                output::talk(&message);
                exit = Exit::Findings;
            }
        }
    }
    exit
}

enum Outcome {
    AsItWas,
    Changed,
    WouldChange(usize),
}

fn file(path: &Path, check: bool) -> Result<Outcome, String> {
    let fail = |what: &str, error: &std::io::Error| {
        format!("error: cannot {what} `{}`: {}\n", path.display(), program::reason(error))
    };
    let bytes = std::fs::read(path).map_err(|error| fail("read", &error))?;
    let Ok(text) = String::from_utf8(bytes) else { return Err(broken(path)) };
    let formatted = pipewright_grammar::format(&text).map_err(|_| broken(path))?;
    if formatted == text {
        return Ok(Outcome::AsItWas);
    }
    if check {
        return Ok(Outcome::WouldChange(first_difference(&text, &formatted)));
    }
    std::fs::write(path, formatted).map_err(|error| fail("write", &error))?;
    Ok(Outcome::Changed)
}

fn stdin(check: bool) -> Exit {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        output::complain(&format!("cannot read stdin: {error}"));
        return Exit::Usage;
    }
    match pipewright_grammar::format(&text) {
        Ok(formatted) if check => {
            if formatted == text {
                return Exit::Fine;
            }
            output::data(&format!("-:{}: would be formatted\n", first_difference(&text, &formatted)));
            Exit::Findings
        }
        Ok(formatted) => {
            output::data(&formatted);
            Exit::Fine
        }
        Err(problems) => {
            output::complain(&format!(
                "stdin cannot be read as a program: {}",
                report::counted(problems.len() as u64, "mistake")
            ));
            Exit::Findings
        }
    }
}

/// Why a file cannot be formatted: its findings in the compiler's words. What has nothing to do with its layout (types,
/// names) is left to `check`, if anything else is found.
fn broken(path: &Path) -> String {
    let compilation = program::compile(path, &Environment::default());
    let style = Style::stderr();
    let mut out = report::human::render(&compilation.diagnostics, &compilation.sources, style);
    out.push_str(&format!("{} is left as it is: it cannot be read as a program\n", path.display()));
    out
}

/// The first line, from 1, that is not the same.
fn first_difference(before: &str, after: &str) -> usize {
    let (mut before, mut after) = (before.lines(), after.lines());
    let mut line = 1;
    loop {
        match (before.next(), after.next()) {
            (Some(a), Some(b)) if a == b => line += 1,
            _ => return line,
        }
    }
}
