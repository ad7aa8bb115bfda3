//! The position of a source: which files are done, and the byte in the current one. Compact JSON text.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::known::{Ending, micros};
use super::problem;
use crate::report::RunError;

/// How far a source has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileCursor {
    /// Files read to their end, each with that end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Place>,
    /// The file that was being read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Place>,
}

/// A file, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileMark {
    /// Its name below the root; `-` is the standard input.
    pub file: String,
    /// Its length on disk.
    pub size: u64,
    /// Of its first bytes on disk.
    pub fingerprint: Fingerprint,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    #[serde(flatten)]
    pub mark: FileMark,
    /// Where the next record starts, in the unpacked text.
    pub byte: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Records of this file before it.
    pub records: u64,
    /// Tells it from what was read under the same name before; 0 if nothing was.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub turn: u64,
    /// How the file ended, if this is its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

impl Place {
    /// Whether the file was last written to when it was read to its end. Where one of the two is not known, it is taken to be.
    pub fn was_written_at(&self, modified: Option<std::time::SystemTime>) -> bool {
        let then = self.ending.as_ref().and_then(|it| it.modified);
        let now = modified.and_then(|it| micros(Ok(it)));
        then.zip(now).is_none_or(|(then, now)| then == now)
    }

    /// The beginning of the file under this name, whatever it holds by then.
    pub fn begin(file: &str, turn: u64) -> Self {
        let mark = FileMark { file: file.to_string(), size: 0, fingerprint: Fingerprint::of(&[]) };
        Self { mark, byte: 0, line: 1, records: 0, turn, ending: None }
    }

    /// The beginning of this file, told apart from what was read of it.
    pub fn anew(&self) -> Self {
        Self::begin(&self.mark.file, self.turn.wrapping_add(1).max(1))
    }

    /// Whether the file is to be read from its beginning, though it stands among those that were read.
    pub fn is_anew(&self) -> bool {
        self.turn != 0 && self.mark.size == 0 && self.byte == 0 && self.ending.is_none()
    }
}

fn is_zero(turn: &u64) -> bool {
    *turn == 0
}

/// Length and hash of the first bytes of a file: `4096:9f86d081884c7d65`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Fingerprint(String);

impl Fingerprint {
    /// How many bytes are hashed.
    pub const LENGTH: usize = 4096;

    /// Of the first bytes of a file.
    pub fn of(first: &[u8]) -> Self {
        let first = first.get(..Self::LENGTH).unwrap_or(first);
        let hash = Sha256::digest(first);
        Self(format!("{}:{}", first.len(), hex::encode(hash.get(..8).unwrap_or_default())))
    }

    /// True if a file that starts like this has it, though it may have grown.
    pub fn fits(&self, first: &[u8]) -> bool {
        first.get(..self.length()).is_some_and(|first| Self::of(first) == *self)
    }

    /// How many bytes were hashed.
    pub fn length(&self) -> usize {
        let length = self.0.split_once(':').and_then(|(length, _)| length.parse().ok());
        length.unwrap_or(0).min(Self::LENGTH)
    }
}

impl FileCursor {
    /// Reads the text of a cursor.
    pub fn read(text: &str) -> Result<Self, RunError> {
        serde_json::from_str(text).map_err(|error| problem::unreadable_cursor(&error.to_string()))
    }

    /// Its text.
    pub fn write(&self) -> String {
        // Plain data with text keys: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
