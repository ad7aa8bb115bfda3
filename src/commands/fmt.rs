//! `pipewright fmt [--check] [--diff] [PATH…|-]`: one canonical layout. A file that does not parse is left as it is, what is
//! wrong with it is shown, and the others are formatted all the same.

use std::io::Read;
use std::path::{Path, PathBuf};

use pipewright_compiler::source::Loader;

use crate::exit::Exit;
use crate::rewrite::rewrite;
use crate::style::Style;
use crate::{diff, output, program, report};

/// Lay out programs in the one canonical way; comments survive
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files, folders, or `-` to read stdin and write stdout
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Change nothing; list what would change, and exit with 1 if something would
    #[arg(long)]
    check: bool,
    /// Change nothing; show what would change as a unified diff, and exit with 1 if something would
    #[arg(long)]
    diff: bool,
}

/// What stdin is called in messages.
const STDIN: &str = "<stdin>";

/// Formats.
pub fn run(arguments: &Arguments) -> Exit {
    if arguments.paths.iter().any(|path| path == Path::new("-")) {
        if arguments.paths.len() > 1 {
            output::complain("`-` is stdin, and stands alone: format the files with a command of their own");
            return Exit::Usage;
        }
        return stdin(arguments);
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
        if let Err(message) = file(&path, arguments, &mut exit) {
            output::talk(&message);
            exit = Exit::Findings;
        }
    }
    exit
}

fn file(path: &Path, arguments: &Arguments, exit: &mut Exit) -> Result<(), String> {
    let fail = |what: &str, error: &std::io::Error| {
        format!("error: cannot {what} `{}`: {}\n", path.display(), program::reason(error))
    };
    let bytes = std::fs::read(path).map_err(|error| fail("read", &error))?;
    let shown = path.to_string_lossy();
    let (text, formatted) = format(&shown, bytes)?;
    if formatted == text {
        return Ok(());
    }
    if arguments.check || arguments.diff {
        tell(&shown, &text, &formatted, arguments);
        *exit = Exit::Findings;
        return Ok(());
    }
    rewrite(path, &formatted).map_err(|error| fail("write", &error))?;
    output::talk(&format!("formatted {shown}\n"));
    Ok(())
}

fn stdin(arguments: &Arguments) -> Exit {
    let mut bytes = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut bytes) {
        output::complain(&format!("cannot read stdin: {error}"));
        return Exit::Usage;
    }
    match format(STDIN, bytes) {
        Ok((text, formatted)) if arguments.check || arguments.diff => {
            if formatted == text {
                return Exit::Fine;
            }
            tell(STDIN, &text, &formatted, arguments);
            Exit::Findings
        }
        Ok((_, formatted)) => {
            output::data(&formatted);
            Exit::Fine
        }
        Err(message) => {
            output::talk(&message);
            Exit::Findings
        }
    }
}

/// What would change: where it begins, or all of it.
fn tell(shown: &str, text: &str, formatted: &str, arguments: &Arguments) {
    if arguments.diff {
        output::data(&diff::unified(shown, text, formatted, Style::stdout()));
    } else {
        output::data(&format!("{shown}:{}: would be formatted\n", first_difference(text, formatted)));
    }
}

/// The text as it is, and as it should be; or why it cannot be formatted, in the compiler's words. What has nothing to do
/// with its layout (types, names, other files) is left to `check`.
fn format(shown: &str, bytes: Vec<u8>) -> Result<(String, String), String> {
    let reason = match String::from_utf8(bytes) {
        Ok(text) => match pipewright_grammar::format(&text) {
            Ok(formatted) => return Ok((text, formatted)),
            Err(_) => text.into_bytes(),
        },
        Err(error) => error.into_bytes(),
    };
    let read = pipewright_compiler::read(shown, &Given(reason));
    let mut out = report::human::render(&read.diagnostics, &read.sources, Style::stderr());
    out.push_str(&format!("{shown} is left as it is: it cannot be read as a program\n"));
    Err(out)
}

/// The one file that is there.
struct Given(Vec<u8>);

impl Loader for Given {
    fn load(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone())
    }
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
