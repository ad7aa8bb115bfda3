//! The cursor of a source as people see and change it: file by file.
//!
//! Invariant: a file that is to be read again keeps a turn of its own, so that its dead letters are none of those before.

use pipewright_plan::{Options, TypedOptions};

use super::cursor::{FileCursor, Place};
use super::find::{Found, Root};
use super::input::STANDARD_INPUT;
use super::known::skipped;
use super::problem;
use super::spec::{FilesConnection, FilesSource};
use crate::codecs::closest;
use crate::report::RunError;

/// How far a file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePosition {
    /// Its name below the root; `-` is the standard input.
    pub file: String,
    /// The byte at which reading goes on, in the unpacked text; none: nothing of it was read.
    pub byte: Option<u64>,
    /// Records that were read of it.
    pub records: u64,
    /// Bytes on disk; none: it is not there.
    pub size: Option<u64>,
    /// Bytes on disk that are still to be read; none: only reading it tells.
    pub behind: Option<u64>,
}

/// What a source reads, and how far it was read.
pub struct FilePositions {
    cursor: FileCursor,
    found: Vec<Found>,
}

impl FilePositions {
    /// From the stored cursor and the files that are there.
    pub fn open(connection: &Options, source: &Options, cursor: Option<&str>) -> Result<Self, RunError> {
        let wrong = |error: pipewright_plan::OptionError| problem::bad_option(error.to_string(), None);
        let path = FilesSource::decode(source).map_err(wrong)?.path;
        let root = FilesConnection::decode(connection).map_err(wrong)?.root;
        let found = if path == STANDARD_INPUT { vec![] } else { Root::open(&root)?.find(&path)? };
        Ok(Self { cursor: cursor.map(FileCursor::read).transpose()?.unwrap_or_default(), found })
    }

    /// Of each name the last: others are of files whose name another one has by now.
    fn places(&self) -> impl Iterator<Item = &Place> {
        let all = || self.cursor.done.iter().chain(&self.cursor.current);
        let last = move |at: usize, name: &str| all().skip(at + 1).all(|it| it.mark.file != name);
        all().enumerate().filter(move |(at, it)| last(*at, &it.mark.file)).map(|(_, it)| it)
    }

    /// File by file, in the order of names.
    pub fn list(&self) -> Vec<FilePosition> {
        let of = |place: &Place| {
            let found = self.found.iter().find(|it| it.name == place.mark.file);
            let done = self.cursor.done.contains(place) && !place.is_anew();
            let read_on_disk = if done { Some(place.mark.size) } else { Some(place.byte).filter(|it| *it == 0) };
            let read = found.and_then(|it| if it.is_packed() { read_on_disk } else { Some(place.byte) });
            FilePosition {
                file: place.mark.file.clone(),
                byte: Some(place.byte),
                records: place.records,
                size: found.map(|it| it.size),
                behind: found.zip(read).map(|(file, read)| file.size.saturating_sub(read)),
            }
        };
        let unread = self.found.iter().filter(|file| self.places().all(|it| it.mark.file != file.name));
        let unread = unread.map(|it| FilePosition {
            file: it.name.clone(),
            size: Some(it.size),
            behind: Some(it.size),
            ..FilePosition::default()
        });
        let mut all: Vec<_> = self.places().map(of).chain(unread).collect();
        all.sort_by(|a, b| a.file.cmp(&b.file));
        all
    }

    /// All files begin anew. The cursor, or none: there is nothing to be kept.
    pub fn reset(mut self) -> Option<String> {
        let anew: Vec<Place> = self
            .places()
            .filter(|place| self.found.iter().any(|it| it.name == place.mark.file))
            .map(|place| place.anew())
            .collect();
        if anew.is_empty() {
            return None;
        }
        self.cursor = FileCursor { done: anew, current: None };
        Some(self.cursor.write())
    }

    /// One file begins anew. The cursor, and how many records of the file it counted.
    pub fn forget(mut self, file: &str) -> Result<(String, u64), RunError> {
        let known = self.take(file);
        let Some(place) = known else {
            return match self.found.iter().any(|it| it.name == file) {
                true => Ok((self.cursor.write(), 0)),
                false => Err(self.unknown(file)),
            };
        };
        if self.found.iter().any(|it| it.name == file) {
            self.cursor.done.push(place.anew());
        }
        Ok((self.cursor.write(), place.records))
    }

    /// One file counts as read to its end. The cursor, and how many records of the file it counted.
    pub fn skip(mut self, file: &str) -> Result<(String, u64), RunError> {
        let Some(found) = self.found.iter().find(|it| it.name == file).cloned() else { return Err(self.unknown(file)) };
        let before = self.take(file);
        let end = skipped(&found)?;
        let records = before.as_ref().map_or(0, |it| it.records);
        self.cursor.done.push(Place { records, ..end });
        Ok((self.cursor.write(), records))
    }

    fn take(&mut self, file: &str) -> Option<Place> {
        if let Some(place) = self.cursor.current.take_if(|it| it.mark.file == file) {
            return Some(place);
        }
        let at = self.cursor.done.iter().rposition(|it| it.mark.file == file)?;
        Some(self.cursor.done.remove(at))
    }

    fn unknown(&self, file: &str) -> RunError {
        let names: Vec<_> = self.list().into_iter().map(|it| it.file).collect();
        let help = match closest(file, names.iter().map(String::as_str)) {
            Some(close) => format!("did you mean `{close}`?"),
            None if names.is_empty() => "it has read no file yet, and none matches its `path`".to_string(),
            None => {
                let shown: Vec<_> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
                let more = if names.len() > 3 { ", …" } else { "" };
                format!("its files are {}{more}, named from `root` on", shown.join(", "))
            }
        };
        problem::not_found(format!("the source has no file `{file}`"), Some(help))
    }
}
