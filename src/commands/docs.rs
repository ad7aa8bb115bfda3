//! `pipewright docs [--write]`, hidden: the generated reference. Without `--write` it tells which files are stale.

use std::path::Path;

use crate::exit::Exit;
use crate::{output, program, reference};

/// Compare the generated reference in `docs/` with the declarations, or write it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Write the files
    #[arg(long)]
    write: bool,
}

/// Compares or writes, below the current folder.
pub fn run(arguments: &Arguments) -> Exit {
    let mut exit = Exit::Fine;
    for (path, content) in reference::files() {
        if std::fs::read_to_string(path).is_ok_and(|it| it == content) {
            continue;
        }
        if !arguments.write {
            output::data(&format!("{path}: stale\n"));
            exit = Exit::Findings;
            continue;
        }
        let folder = Path::new(path).parent().map_or(Ok(()), std::fs::create_dir_all);
        if let Err(error) = folder.and_then(|()| std::fs::write(path, &content)) {
            output::complain(&format!("cannot write `{path}`: {}", program::reason(&error)));
            return Exit::Findings;
        }
        output::talk(&format!("wrote {path}\n"));
    }
    exit
}
