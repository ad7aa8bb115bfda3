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
    /// How many characters stand before every `STRIDE`th byte: a column in a line of megabytes costs no more than any other.
    characters: Vec<u32>,
}

/// How many bytes are counted at most to find a column, twice.
const STRIDE: usize = 128;

impl SourceFile {
    fn new(path: String, text: String) -> Self {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| small(at + 1))).collect();
        let mut characters = vec![0];
        let mut before = 0;
        for chunk in text.as_bytes().chunks(STRIDE) {
            before += beginnings(chunk);
            characters.push(small(before));
        }
        Self { path, text, line_starts, characters }
    }

    /// How many characters begin before a byte.
    fn characters_before(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let known = self.characters.get(at / STRIDE).copied().unwrap_or_default() as usize;
        known + beginnings(self.text.as_bytes().get(at / STRIDE * STRIDE..at).unwrap_or_default())
    }
}

/// How many characters begin in these bytes of UTF-8.
fn beginnings(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// All files, in the order of loading; [`SourceId`] counts into them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, path: String, text: String) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile::new(path, text));
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
        let before = file.characters_before(span.start as usize).saturating_sub(file.characters_before(start));
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(before + 1).unwrap_or(u32::MAX))
    }

    /// A span as the plan keeps it.
    pub fn origin(&self, span: Span) -> Origin {
        let (line, column) = self.position(span);
        Origin { file: span.source.0, line, column, start: span.start, end: span.end }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_wherever_they_stand() {
        let mut sources = Sources::default();
        let text = format!("a\té\r\n{}\nend", "é😀x".repeat(2_000));
        let id = sources.add("odd.pipe".into(), text.clone());
        for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let before = &text[..at];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            let found = sources.position(Span::new(id, at, at));
            assert_eq!(found, (u32::try_from(line).unwrap(), u32::try_from(column).unwrap()), "byte {at}");
        }
        assert_eq!(sources.position(Span::new(id, text.len() + 9, text.len() + 9)).0, 3);
    }
}
