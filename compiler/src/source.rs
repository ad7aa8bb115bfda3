//! The texts of a program: which file a span lies in, and on which line.

use pipewright_grammar::{SourceId, Span};
use pipewright_plan::Origin;

/// Gives the compiler its files; the only way it can read anything.
pub trait Loader {
    /// The bytes of a file. `path` is as the root was given, or an import joined to the folder of its file.
    fn load(&self, path: &str) -> Result<Vec<u8>, String>;
}

/// The path of an import, as the compiler names the file: relative to the folder of the importing one.
pub fn import_path(from: &str, import: &str) -> String {
    crate::loading::join(from, import)
}

/// One file of the program.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// As it is shown to the user.
    pub path: String,
    /// Its text.
    pub text: String,
    line_starts: Vec<u32>,
}

/// All files, in the order of loading; [`SourceId`] counts into them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, path: String, text: String) -> SourceId {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts =
            std::iter::once(0).chain(newlines.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX))).collect();
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile { path, text, line_starts });
        id
    }

    /// All of them.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// One of them.
    pub fn get(&self, id: SourceId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The text of a span.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).and_then(|file| file.text.get(span.range())).unwrap_or_default()
    }

    /// Line and column of the start of a span, both from 1; the column in characters.
    pub fn position(&self, span: Span) -> (u32, u32) {
        let Some(file) = self.get(span.source) else { return (1, 1) };
        let line = file.line_starts.partition_point(|start| *start <= span.start).max(1);
        let start = file.line_starts.get(line - 1).copied().unwrap_or_default() as usize;
        let before = file.text.get(start..span.start as usize).unwrap_or_default();
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX))
    }

    /// A span as the plan keeps it.
    pub fn origin(&self, span: Span) -> Origin {
        let (line, column) = self.position(span);
        Origin { file: span.source.0, line, column, start: span.start, end: span.end }
    }
}
