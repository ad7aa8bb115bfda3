//! The programs to begin with: the examples, the template of `new`, what `tests/ui` has.

use std::path::{Path, PathBuf};

use pipewright_compiler::environment::Environment;
use walkdir::WalkDir;

use crate::withstand::bodies::{Files, compile_in};

/// A program of one file.
pub struct Program {
    pub path: PathBuf,
    pub text: String,
    pub environment: Environment,
}

/// All of them; `right`: only those without a finding.
pub fn programs(right: bool) -> Vec<Program> {
    let folders = ["examples", "tests/ui", "src/commands/new"];
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(WalkDir::new)
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|it| it == "pipe"))
        .filter(|path| !right || !path.file_name().unwrap().to_string_lossy().starts_with("fail"))
        .collect();
    paths.sort();
    let programs = paths.into_iter().filter_map(|path| {
        // What is no text is for others to test.
        let text = String::from_utf8(std::fs::read(&path).unwrap()).ok()?;
        Some(Program { environment: environment(&path), text, path })
    });
    // Some are right only beside the files that they import.
    programs
        .filter(|it| !right || compile_in(&Files::one(it.text.as_bytes()), &it.environment).diagnostics.is_empty())
        .collect()
}

fn environment(path: &Path) -> Environment {
    let yaml = [path.with_extension("yaml"), path.with_file_name("pipewright.yaml")];
    yaml.iter()
        .find_map(|yaml| std::fs::read_to_string(yaml).ok())
        .and_then(|text| pipewright::environment::read("pipewright.yaml", &text, None).ok())
        .unwrap_or_default()
}

/// How much of something to do: every how-manyth of `all` there are.
pub fn stride(all: usize, usual: usize) -> usize {
    match std::env::var("WITHSTAND") {
        Ok(_) => 1,
        Err(_) => all.div_ceil(usual).max(1),
    }
}
