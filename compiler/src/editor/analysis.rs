//! A program as an editor holds it: the findings, the trees, and what the checker noted.

use std::cell::RefCell;

use pipewright_grammar::{SourceId, ast::File};

use super::facts::Facts;
use crate::{
    compile::{self, Compilation},
    diagnostics::Severity,
    environment::Environment,
    registry::Registry,
    source::Loader,
};

/// A program as an editor holds it.
#[derive(Debug)]
pub struct Analysis {
    /// Findings, texts, plan.
    pub compilation: Compilation,
    /// The trees of the files that could be read.
    pub files: Vec<File>,
    /// What the checker noted.
    pub facts: Facts,
}

/// Compiles the program that begins in the file `root`, and keeps what an editor asks for.
pub fn analyse(root: &str, environment: &Environment, loader: &dyn Loader, registry: &Registry) -> Analysis {
    analyse_with(Facts::default(), root, environment, loader, registry)
}

pub(super) fn analyse_with(
    facts: Facts,
    root: &str,
    environment: &Environment,
    loader: &dyn Loader,
    registry: &Registry,
) -> Analysis {
    let notes = RefCell::new(facts);
    let (compilation, files) = compile::run(root, environment, loader, registry, Some(&notes));
    Analysis { compilation, files, facts: notes.into_inner() }
}

impl Analysis {
    /// The file with this path, as the compiler names it.
    pub fn source(&self, path: &str) -> Option<SourceId> {
        let at = self.compilation.sources.files().iter().position(|file| file.path == path)?;
        u32::try_from(at).ok().map(SourceId)
    }

    /// True if one of the findings is an error.
    pub fn has_errors(&self) -> bool {
        self.compilation.diagnostics.iter().any(|it| it.severity == Severity::Error)
    }
}
