//! From a path to a compiled program: finds the roots, reads files, reads `pipewright.yaml`, hands the compiler the registry
//! of this binary. The one place that ties the compiler to the connectors, codecs and functions of the runtime.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pipewright_compiler::Compilation;
use pipewright_compiler::diagnostics::{Diagnostic, Finding, UnknownParam};
use pipewright_compiler::environment::Environment;
use pipewright_compiler::registry::Registry;
use pipewright_compiler::source::Loader;
use pipewright_grammar::SourceId;

use crate::environment::{self, Problem};

/// What a program can name in this binary.
pub fn registry() -> Registry {
    Registry {
        connectors: pipewright_runtime::connectors::SPECS,
        codecs: pipewright_runtime::codecs::SPECS,
        functions: pipewright_expr::functions::ALL,
    }
}

/// Reads files where the compiler asks for them.
pub struct Files;

impl Loader for Files {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| reason(&error))
    }
}

/// An I/O error in words, without the number of the operating system.
pub fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "no such file".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::IsADirectory => "it is a directory".into(),
        _ => error.to_string(),
    }
}

/// Whether one program can be read there; else why not, and what to type.
pub fn is_file(path: &Path) -> Result<(), (String, Option<String>)> {
    let folder = match std::fs::metadata(path) {
        Ok(about) if !about.is_dir() => return Ok(()),
        Ok(_) => path,
        Err(_) => path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")),
    };
    let why = match std::fs::metadata(path) {
        Ok(_) => format!("`{}` is a folder, not a program", path.display()),
        Err(error) => format!("cannot read `{}`: {}", path.display(), reason(&error)),
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path());
    let mut there: Vec<PathBuf> = entries.filter(|it| it.extension().is_some_and(|it| it == "pipe")).collect();
    there.sort();
    let shown = |it: &PathBuf| format!("`{}`", it.strip_prefix(".").unwrap_or(it).display());
    let named: Vec<String> = there.iter().take(3).map(shown).collect();
    let more = if there.len() > named.len() { ", …" } else { "" };
    let help = match named.as_slice() {
        [] => "`pipewright new NAME` starts a project".to_string(),
        named => format!("there are {}{more}", named.join(", ")),
    };
    Err((why, Some(help)))
}

/// Compiles the program whose root is this file, for an environment.
pub fn compile(root: &Path, environment: &Environment) -> Compilation {
    compile_from(root, environment, &Files)
}

/// The same from other texts than the files hold.
pub fn compile_from(root: &Path, environment: &Environment, loader: &dyn Loader) -> Compilation {
    pipewright_compiler::compile(&root.to_string_lossy(), environment, loader, &registry())
}

/// The same with the environment that `pipewright.yaml` has for the root, by name or by its default, and with parameters
/// that were set on the command line.
pub fn compile_in(root: &Path, name: Option<&str>, set: &[(String, String)]) -> Result<Compilation, Problem> {
    let mut environment = environment::load(root, name)?;
    environment.set.extend(set.iter().cloned());
    let compilation = compile(root, &environment);
    Ok(match forget_params_of_others(root, &mut environment, &compilation) {
        false => compilation,
        true => compile(root, &environment),
    })
}

/// A `pipewright.yaml` may serve several programs: a parameter that this one does not declare, but another one below the
/// folder of the file does, is no slip. True: such parameters were taken out, the program is to be compiled again.
pub fn forget_params_of_others(root: &Path, environment: &mut Environment, compilation: &Compilation) -> bool {
    let file = environment.file.clone().unwrap_or_default();
    let shown = |it: &SourceId| compilation.sources.get(*it).is_some_and(|source| source.path == file);
    let unknown = |it: &&Diagnostic| it.name == UnknownParam::NAME && shown(&it.primary.span.source);
    if !compilation.diagnostics.iter().any(|it| unknown(&it)) {
        return false;
    }
    let beside = Path::new(&file).parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let others = pipe_files(&[beside.to_path_buf()]).unwrap_or_default();
    let same = |path: &Path| path.canonicalize().ok() == root.canonicalize().ok();
    let texts: Vec<String> =
        others.iter().filter(|it| !same(it)).filter_map(|it| std::fs::read_to_string(it).ok()).collect();
    let declares = |text: &String, name: &str| {
        text.lines().any(|line| {
            let rest = line.strip_prefix("param").map(str::trim_start).and_then(|it| it.strip_prefix(name));
            rest.is_some_and(|it| it.trim_start().starts_with(':'))
        })
    };
    let before = environment.params.len();
    let spans: Vec<&str> =
        compilation.diagnostics.iter().filter(unknown).map(|it| compilation.sources.text(it.primary.span)).collect();
    environment
        .params
        .retain(|name, _| !spans.contains(&name.as_str()) || !texts.iter().any(|text| declares(text, name)));
    environment.params.len() < before
}

/// The files to look at: files as they are given, folders with every `.pipe` file below them, hidden folders and `target`
/// left out. Sorted, each once.
pub fn pipe_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            walk(path, &mut found).map_err(|error| format!("cannot read `{}`: {}", path.display(), reason(&error)))?;
            if found.len() == before {
                return Err(format!("there is no `.pipe` file in `{}`", path.display()));
            }
        } else {
            found.insert(path.clone());
        }
    }
    Ok(found.into_iter().collect())
}

fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type()?.is_dir() {
            if !name.to_string_lossy().starts_with('.') && name != "target" {
                walk(&path, found)?;
            }
        } else if path.extension().is_some_and(|it| it == "pipe") {
            found.insert(path.strip_prefix("./").map(Path::to_path_buf).unwrap_or(path));
        }
    }
    Ok(())
}

/// Whether a file is the root of a program: a line of it begins with the `pipeline` block. Imported files have none.
pub fn is_root(path: &Path) -> bool {
    std::fs::read(path).map_or(true, |bytes| has_pipeline(&String::from_utf8_lossy(&bytes)))
}

/// The same for a text.
pub fn has_pipeline(text: &str) -> bool {
    text.lines().any(|line| {
        line.strip_prefix("pipeline").is_some_and(|rest| rest.starts_with([' ', '\t', '{']) || rest.is_empty())
    })
}
