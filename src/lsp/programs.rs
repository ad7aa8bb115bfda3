//! Which programs the open buffers belong to, and what is known of them.
//!
//! A file with a `pipeline` block is the root of a program; any other file belongs to the roots that import it, or, if there
//! is none, is looked at alone. Programs are compiled when something is asked after a change, never before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipewright_compiler::editor::{Analysis, analyse};
use pipewright_compiler::environment::Environment;
use pipewright_grammar::SourceId;

use super::documents::Documents;
use crate::environment::{self, Problem};
use crate::program;

/// Folders with more programs than this are not searched for the programs that import a file.
const MOST_ROOTS: usize = 2_000;

/// A program that was looked at.
#[derive(Debug)]
pub struct Program {
    /// What is known.
    pub analysis: Analysis,
    /// The environment it was compiled for.
    pub environment: Environment,
    /// Why it was compiled without the environment of `pipewright.yaml`.
    pub problem: Option<Problem>,
}

/// The programs of the open buffers, by the path of their root.
#[derive(Debug, Default)]
pub struct Programs {
    /// The folders that are open.
    pub folders: Vec<PathBuf>,
    /// The environment that the editor asked for.
    pub environment: Option<String>,
    programs: BTreeMap<String, Program>,
    /// Something changed since the programs were compiled.
    stale: bool,
    /// Files came or went since the folders were searched.
    searched: bool,
    /// Which roots import a file that is no root.
    importers: BTreeMap<String, Vec<String>>,
}

impl Programs {
    /// The text of an open buffer changed.
    pub fn edited(&mut self) {
        self.stale = true;
    }

    /// A buffer was opened or closed, or a file changed on disk.
    pub fn moved(&mut self) {
        self.stale = true;
        self.searched = false;
    }

    /// True if what is known is not of now.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// All programs of the open buffers, as they are now.
    pub fn refresh(&mut self, documents: &Documents) -> &BTreeMap<String, Program> {
        if self.stale {
            self.compile(documents);
            self.stale = false;
        }
        &self.programs
    }

    /// The program that a file belongs to: the first, if it is in several.
    pub fn of(&mut self, path: &str, documents: &Documents) -> Option<(&Program, SourceId)> {
        self.refresh(documents);
        // Its own, if it is a root.
        let root = self.programs.get(path).map(|_| path.to_string());
        let root = root.or_else(|| {
            self.programs.iter().find(|(_, it)| it.analysis.source(path).is_some()).map(|(root, _)| root.clone())
        })?;
        let program = self.programs.get(&root)?;
        Some((program, program.analysis.source(path)?))
    }

    fn compile(&mut self, documents: &Documents) {
        if !self.searched {
            self.importers.clear();
        }
        let mut wanted: BTreeSet<String> = BTreeSet::new();
        let mut imported: Vec<&str> = vec![];
        for path in documents.paths() {
            if documents.get(path).is_some_and(|it| program::has_pipeline(&it.text)) {
                wanted.insert(path.to_string());
            } else {
                imported.push(path);
            }
        }
        self.programs.retain(|root, _| wanted.contains(root));
        for root in &wanted {
            let program = self.one(root, documents);
            self.programs.insert(root.clone(), program);
        }
        for path in imported {
            let known = self.importers.get(path).cloned().unwrap_or_default();
            for root in known {
                if !self.programs.contains_key(&root) {
                    let program = self.one(&root, documents);
                    self.programs.insert(root, program);
                }
            }
            if self.holds(path) {
                continue;
            }
            if !self.searched {
                self.search(path, documents);
            }
            if !self.holds(path) {
                let program = self.one(path, documents);
                self.programs.insert(path.to_string(), program);
            }
        }
        self.searched = true;
    }

    fn holds(&self, path: &str) -> bool {
        self.programs.values().any(|it| it.analysis.source(path).is_some())
    }

    /// Looks for the programs that import a file: in the open folders, else in its own.
    fn search(&mut self, path: &str, documents: &Documents) {
        let own = Path::new(path).parent().map(Path::to_path_buf);
        let folders = if self.folders.is_empty() { own.into_iter().collect() } else { self.folders.clone() };
        let files = program::pipe_files(&folders).unwrap_or_default();
        for file in files.into_iter().take(MOST_ROOTS) {
            let file = file.to_string_lossy().into_owned();
            if documents.get(&file).is_some() || self.programs.contains_key(&file) {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let imports = text.lines().any(|line| line.starts_with("import"));
            if !imports || !program::has_pipeline(&text) {
                continue;
            }
            let program = self.one(&file, documents);
            if program.analysis.source(path).is_some() {
                self.importers.entry(path.to_string()).or_default().push(file.clone());
                self.programs.insert(file, program);
            }
        }
    }

    fn one(&self, root: &str, documents: &Documents) -> Program {
        let (environment, problem) = match environment::load(Path::new(root), self.environment.as_deref()) {
            Ok(environment) => (environment, None),
            Err(problem) => (Environment::default(), Some(problem)),
        };
        Program { analysis: analyse(root, &environment, documents, &program::registry()), environment, problem }
    }
}
