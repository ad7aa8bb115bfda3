//! Where a request points: the program, the file, the byte, and the name there.

use lsp_types::TextDocumentPositionParams;
use pipewright_compiler::editor::{Names, Occurrence, names};
use pipewright_compiler::source::Sources;
use pipewright_grammar::SourceId;

use super::documents::{self, Documents};
use super::programs::Program;
use super::server::Server;
use crate::program::registry;

/// A place in a program.
pub(super) struct Place<'s> {
    pub(super) program: &'s Program,
    pub(super) documents: &'s Documents,
    pub(super) source: SourceId,
    pub(super) byte: u32,
    pub(super) names: Names,
}

impl<'s> Place<'s> {
    /// The place of a request; nothing if its file is not open.
    pub(super) fn of(server: &'s mut Server, at: &TextDocumentPositionParams) -> Option<Self> {
        let path = documents::path(&at.text_document.uri);
        let Server { documents, programs, .. } = server;
        let document = documents.get(&path)?;
        let byte = u32::try_from(document.lines.byte(&document.text, at.position)).ok()?;
        let (program, source) = programs.of(&path, documents)?;
        let names = names(&program.analysis, &registry());
        Some(Self { program, documents, source, byte, names })
    }

    /// The texts of the program.
    pub(super) fn sources(&self) -> &'s Sources {
        &self.program.analysis.compilation.sources
    }

    /// The name there.
    pub(super) fn occurrence(&self) -> Option<&Occurrence> {
        self.names.at(self.source, self.byte)
    }
}
