//! `pipewright new NAME`: a project that runs at once, with no server: a program, sample data, `pipewright.yaml`, a README.

use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::{output, program};

/// Start a project that runs at once: a program, sample data, `pipewright.yaml`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name, and that of its folder: lower case letters, digits and `_`
    name: String,
}

/// Path in the project and content; `NAME` stands for the project's name in both.
const FILES: &[(&str, &str)] = &[
    ("NAME.pipe", include_str!("new/NAME.pipe")),
    ("pipewright.yaml", include_str!("new/pipewright.yaml")),
    ("README.md", include_str!("new/README.md")),
    ("data/orders.csv", include_str!("new/orders.csv")),
    (".gitignore", "*.db\n*.db-shm\n*.db-wal\n"),
];

/// Writes the project; an existing folder is left alone.
pub fn run(arguments: &Arguments) -> Exit {
    let name = arguments.name.as_str();
    let folder = Path::new(name);
    let project = folder.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    let mut letters = project.chars();
    let good = letters.next().is_some_and(|it| it.is_ascii_lowercase())
        && letters.all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_');
    if !good {
        output::complain(&format!("`{project}` is no name for a project: use lower case letters, digits and `_`"));
        return Exit::Usage;
    }
    if folder.exists() {
        output::complain(&format!("`{name}` exists already"));
        return Exit::Usage;
    }
    for (path, content) in FILES {
        let path = folder.join(path.replace("NAME", project));
        if let Err(error) = write(&path, &content.replace("NAME", project)) {
            output::complain(&format!("cannot write `{}`: {}", path.display(), program::reason(&error)));
            return Exit::Findings;
        }
    }
    let program = PathBuf::from(name).join(format!("{project}.pipe"));
    output::talk(&format!("made {name}; next:\n\n  pipewright run {}\n\n", program.display()));
    Exit::Fine
}

fn write(path: &Path, content: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, content)
}
