//! Looking again: new files of the pattern, and what was appended to files that were read.
//!
//! Invariant: a line that is still being written is not read. A file is taken to be written to until it has rested.

use std::collections::BTreeSet;
use std::time::Duration;

use pipewright_plan::{Format, Options, TypedOptions};

use super::find::{Found, Root};
use super::frame::Framing;
use super::input::STANDARD_INPUT;
use super::known::to_read;
use super::problem;
use super::reader::FileReader;
use super::spec::{FilesConnection, FilesSource};
use crate::report::RunError;

/// A last line without an end is taken as it is when its file has not changed for so long.
const RESTED: Duration = Duration::from_secs(30);
/// A packed file, or one JSON array, cannot be read in part: it is taken when it has not changed for so long.
const WHOLE: Duration = Duration::from_secs(2);

/// Where a reader looks.
pub(super) struct Looking {
    pub root: Root,
    pub pattern: String,
}

/// Whether a source has nothing to read yet: a pattern that no file matches. A file that is named and not there is an error.
pub fn nothing_yet(connection: &Options, source: &Options, format: &Format) -> Result<bool, RunError> {
    let wrong = |error: pipewright_plan::OptionError| problem::bad_option(error.to_string(), None);
    let path = FilesSource::decode(source).map_err(wrong)?.path;
    let root = FilesConnection::decode(connection).map_err(wrong)?.root;
    let framing = Framing::of(format)?;
    Ok(path.contains(['*', '?', '[']) && Root::open(&root)?.find(&path)?.iter().all(|it| !is_ready(it, &framing)))
}

/// Whether a last line without an end may be taken.
pub(super) fn has_rested(file: &Found) -> bool {
    file.unchanged_for(RESTED)
}

/// Whether a file that was not seen before can be begun.
fn is_ready(file: &Found, framing: &Framing) -> bool {
    if file.is_packed() || framing.is_one() {
        return file.unchanged_for(WHOLE);
    }
    // Its first line must be whole: it may be the header; so must what stands before.
    file.size > 0 && (file.begins_with_lines(framing.skips() as usize + 1) || has_rested(file))
}

impl FileReader {
    /// Whether this source may get more: files do, the standard input does not.
    pub fn can_follow(&self) -> bool {
        self.looking.is_some()
    }

    /// From now on a last line without an end waits for its end, and [`look_again`](Self::look_again) finds more.
    pub fn follow(&mut self) {
        self.following = self.can_follow();
    }

    /// Looks for new files and for files that have grown. True: there is something to read again.
    pub fn look_again(&mut self) -> Result<bool, RunError> {
        let Some(looking) = &self.looking else { return Ok(false) };
        let found = looking.root.find(&looking.pattern)?;
        let there: BTreeSet<String> = found.iter().map(|it| it.name.clone()).collect();
        let is_new = |file: &Found| {
            let is_open = self.current.as_ref().is_some_and(|it| it.mark.file == file.name);
            if is_open || self.waiting.iter().any(|(it, _)| it.name == file.name) {
                return false;
            }
            let mut places = self.done.iter().filter(|it| it.mark.file == file.name).peekable();
            if places.peek().is_none() {
                return is_ready(file, &self.framing);
            }
            let (of_size, others): (Vec<_>, Vec<_>) = places.partition(|it| it.mark.size == file.size);
            if of_size.iter().any(|it| it.was_written_at(file.modified)) {
                return false;
            }
            // Another file of the same size was written at another time: its content decides.
            !of_size.is_empty()
                || (!others.is_empty() && self.held.get(&file.name) != Some(&file.size))
                || has_rested(file)
        };
        let files = found.into_iter().filter(is_new).collect();
        let mut done = self.done.clone();
        let to_read = match to_read(&mut done, files, &there, &self.framing, self.changed) {
            // Logs were put away while we looked; what was known before that look is what is known.
            Err(error) if error.name == problem::MOVED => return Ok(!self.waiting.is_empty()),
            found => found?,
        };
        self.done = done;
        for (file, place) in to_read {
            if place.is_some() {
                self.held.insert(file.name.clone(), file.size);
            }
            let before = place.as_ref().map_or(0, |it| it.mark.size.min(file.size));
            self.total = self.total.map(|it| it + file.size.saturating_sub(before));
            self.waiting.push_back((file, place));
        }
        Ok(!self.waiting.is_empty())
    }

    /// The name of the standard input is no pattern.
    pub(super) fn looks_in(root: Root, pattern: &str) -> Option<Looking> {
        (pattern != STANDARD_INPUT).then(|| Looking { root, pattern: pattern.to_string() })
    }
}
