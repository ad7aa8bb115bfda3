//! The open buffers, and files as the compiler names them: the path of a `file:` address, else the address itself.
//!
//! An open buffer wins over the file on disk, saved or not.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use lsp_types::{TextDocumentContentChangeEvent, Uri};
use pipewright_compiler::source::Loader;

use super::positions::Lines;
use crate::program::Files;

/// An open buffer.
#[derive(Debug)]
pub struct Document {
    /// As the editor names it.
    pub uri: Uri,
    /// The editor's count of its changes.
    pub version: i32,
    /// Its text, without a byte order mark.
    pub text: String,
    /// Its lines.
    pub lines: Lines,
    mark: bool,
}

impl Document {
    fn new(uri: Uri, version: i32, text: String) -> Self {
        let mut document = Self { uri, version, text: String::new(), lines: Lines::default(), mark: false };
        document.replace(text);
        document
    }

    fn replace(&mut self, text: String) {
        self.mark = text.starts_with('\u{feff}');
        self.text = text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text);
        self.lines = Lines::new(&self.text, self.mark);
    }

    /// Applies changes, each to what the one before left.
    fn change(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        self.version = version;
        for change in changes {
            let Some(range) = change.range else {
                self.replace(change.text);
                continue;
            };
            let (start, end) = (self.lines.byte(&self.text, range.start), self.lines.byte(&self.text, range.end));
            self.text.replace_range(start.min(end)..start.max(end), &change.text);
            self.lines = Lines::new(&self.text, self.mark);
        }
    }
}

/// All open buffers, by path.
#[derive(Debug, Default)]
pub struct Documents {
    open: BTreeMap<String, Document>,
}

impl Documents {
    /// Opens a buffer.
    pub fn open(&mut self, uri: Uri, version: i32, text: String) {
        self.open.insert(path(&uri), Document::new(uri, version, text));
    }

    /// Changes one; false if it is not open.
    pub fn change(&mut self, uri: &Uri, version: i32, changes: Vec<TextDocumentContentChangeEvent>) -> bool {
        self.open.get_mut(&path(uri)).map(|it| it.change(version, changes)).is_some()
    }

    /// Closes one.
    pub fn close(&mut self, uri: &Uri) {
        self.open.remove(&path(uri));
    }

    /// The buffer with that path.
    pub fn get(&self, path: &str) -> Option<&Document> {
        self.open.get(path)
    }

    /// The paths of all.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.open.keys().map(String::as_str)
    }

    /// The address of a file: as the editor spells it, if it is open.
    pub fn uri(&self, path: &str) -> Option<Uri> {
        self.open.get(path).map(|it| it.uri.clone()).or_else(|| uri(path))
    }

    /// The lines of a text of the compiler.
    pub fn lines(&self, path: &str, text: &str) -> Lines {
        match self.open.get(path) {
            Some(document) => document.lines.clone(),
            None => Lines::new(text, false),
        }
    }
}

impl Loader for Documents {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        match self.open.get(path) {
            Some(document) => Ok(document.text.clone().into_bytes()),
            None => Files.load(path),
        }
    }
}

/// The path of an address.
pub fn path(uri: &Uri) -> String {
    let file =
        url::Url::parse(uri.as_str()).ok().filter(|it| it.scheme() == "file").and_then(|it| it.to_file_path().ok());
    file.map_or_else(|| uri.as_str().to_string(), |it| it.to_string_lossy().into_owned())
}

/// The address of a path.
pub fn uri(path: &str) -> Option<Uri> {
    match url::Url::from_file_path(Path::new(path)) {
        Ok(url) => Uri::from_str(url.as_str()).ok(),
        Err(()) => Uri::from_str(path).ok(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use lsp_types::{Position, Range};

    use super::*;

    #[test]
    fn edits_apply_one_after_the_other() {
        let uri = Uri::from_str("file:///p/a%20b.pipe").unwrap();
        let mut documents = Documents::default();
        documents.open(uri.clone(), 1, "# \u{1f600}\u{e4}x\n".into());
        let edit = |line, from, to, text: &str| TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(line, from), Position::new(line, to))),
            range_length: None,
            text: text.into(),
        };
        // Behind the emoji (two units), then at what the first edit left.
        assert!(documents.change(&uri, 2, vec![edit(0, 4, 5, "\u{20ac}\n"), edit(1, 0, 1, "y")]));
        assert_eq!(documents.get("/p/a b.pipe").unwrap().text, "# \u{1f600}\u{20ac}\ny\n");
        assert_eq!(documents.uri("/p/a b.pipe").unwrap().as_str(), uri.as_str());
        documents.close(&uri);
        assert!(!documents.change(&uri, 3, vec![]));
    }
}
