//! Which of the files that are there have been read before, also under another name or packed since, and what becomes of
//! one that is no longer what it was.
//!
//! Invariant: a file is known under another name only if its content up to what was read is that of the old one, and it is
//! older than a copy could be, or the old name holds something else now. So a new file that happens to say the same is read.
//! Of several places of one name the last one is what lies under it; the others are of files that were put away or deleted when
//! another one took their name, and may still turn up elsewhere, packed for example.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::cursor::{FileMark, Fingerprint, Place};
use super::find::Found;
use super::frame::Framing;
use super::input::Input;
use super::problem;
use super::seen::{Seen, verify_done};
use super::spec::WhenChanged;
use crate::report::RunError;

/// How a file ended when it was read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ending {
    /// Of its last bytes on disk that were read.
    pub last: Fingerprint,
    /// When it was last written to and when it came into being, microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<u64>,
}

pub(super) fn micros(time: io::Result<std::time::SystemTime>) -> Option<u64> {
    u64::try_from(time.ok()?.duration_since(UNIX_EPOCH).ok()?.as_micros()).ok()
}

impl Ending {
    /// Of a file that was read up to that byte on disk.
    pub fn of(file: &mut std::fs::File, end: u64) -> io::Result<Self> {
        let about = file.metadata()?;
        let last = last_bytes(file, end)?;
        Ok(Self { last, modified: micros(about.modified()), created: micros(about.created()) })
    }
}

fn last_bytes(file: &mut std::fs::File, end: u64) -> io::Result<Fingerprint> {
    let start = end.saturating_sub(Fingerprint::LENGTH as u64);
    file.seek(SeekFrom::Start(start))?;
    let mut last = Vec::new();
    file.take(end - start).read_to_end(&mut last)?;
    Ok(Fingerprint::of(&last))
}

/// What of these files is to be read, and from where. `done` is what is known, and keeps what needs no reading; `there` are
/// the names of all files that are there.
pub(super) fn to_read(
    done: &mut Vec<Place>,
    found: Vec<Found>,
    there: &BTreeSet<String>,
    framing: &Framing,
    changed: WhenChanged,
) -> Result<Vec<(Found, Option<Place>)>, RunError> {
    let mut read = Vec::new();
    let mut strangers = Vec::new();
    let mut lost = Vec::new();
    for file in found {
        match look_up(done, &file, framing)? {
            LookedUp::Same => {}
            LookedUp::Grown(at) => read.push((file, Some(done.remove(at)))),
            LookedUp::Unknown => strangers.push((file, None)),
            LookedUp::Changed(error) => {
                let mut why = Lost::Replaced;
                while let Some(at) = done.iter().rposition(|it| it.mark.file == file.name) {
                    lost.push((done.remove(at), why));
                    why = Lost::Displaced;
                }
                strangers.push((file, Some(error)));
            }
        }
    }
    if strangers.is_empty() {
        return Ok(read);
    }
    let (here, gone) = std::mem::take(done).into_iter().partition(|it| there.contains(&it.mark.file));
    *done = here;
    lost.extend(gone.into_iter().map(|it| (it, Lost::Gone)));
    let mut left = Vec::new();
    for (file, error) in strangers {
        let mut moved = None;
        for (at, (place, why)) in lost.iter().enumerate() {
            if place.mark.file == file.name {
                continue;
            }
            let place =
                renamed(place, &file, *why != Lost::Gone).map_err(|error| problem::unreadable(&file.name, &error))?;
            if let Some(place) = place {
                moved = Some((at, place));
                break;
            }
        }
        match moved {
            Some((at, place)) => {
                lost.remove(at);
                // What was packed since may hold more than was read of it.
                match file.is_packed() || verify_done(&place, &file, framing)? == Seen::Grown {
                    true => read.push((file, Some(place))),
                    false => done.push(place),
                }
            }
            None => left.push((file, error)),
        }
    }
    for (file, error) in left {
        let at = lost.iter().position(|(it, why)| *why == Lost::Replaced && it.mark.file == file.name);
        let begun = || fresh(&file).map_err(|error| problem::unreadable(&file.name, &error));
        match (error, at) {
            (Some(error), Some(_)) if changed == WhenChanged::Stop => return Err(error),
            (Some(_), Some(at)) => {
                lost.remove(at);
                match changed {
                    WhenChanged::Skip => done.push(skipped(&file)?),
                    WhenChanged::Stop | WhenChanged::Read => {
                        let begun = begun()?;
                        read.push((file, Some(begun)));
                    }
                }
            }
            // What was read of that name has another one now.
            (Some(_), None) => {
                let begun = begun()?;
                read.push((file, Some(begun)));
            }
            (None, _) => read.push((file, None)),
        }
    }
    // Before what is known under their names now.
    done.splice(..0, lost.into_iter().rev().map(|(place, _)| place));
    forget_old(done);
    read.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    Ok(read)
}

/// What became of the file of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    /// There is none under its name.
    Gone,
    /// Another one has its name now.
    Replaced,
    /// Another one has had its name since, and that has lost it as well.
    Displaced,
}

/// What is known of a file by its name.
enum LookedUp {
    Unknown,
    Same,
    /// By its place.
    Grown(usize),
    /// Of another one.
    Changed(RunError),
}

fn look_up(done: &[Place], file: &Found, framing: &Framing) -> Result<LookedUp, RunError> {
    let mut changed = None;
    for (at, place) in done.iter().enumerate().rev().filter(|(_, it)| it.mark.file == file.name) {
        match verify_done(place, file, framing) {
            Ok(Seen::Same) => return Ok(LookedUp::Same),
            Ok(Seen::Grown) => return Ok(LookedUp::Grown(at)),
            Err(error) if error.name == problem::CHANGED => drop(changed.get_or_insert(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(changed.map_or(LookedUp::Unknown, LookedUp::Changed))
}

/// How many places of one name are kept: a log that is deleted after some time must not be remembered for ever.
const OF_ONE_NAME: usize = 8;

fn forget_old(done: &mut Vec<Place>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Place> = std::mem::take(done);
    kept.reverse();
    kept.retain(|it| {
        let count = seen.entry(it.mark.file.clone()).or_default();
        *count += 1;
        *count <= OF_ONE_NAME
    });
    kept.reverse();
    *done = kept;
}

/// The file that was being read when the run ended, under the name that it was given since: what has its own name is another one.
/// It begins as it did, and goes on where the record ended that was read last.
pub(super) fn put_away<'f>(place: &Place, files: &'f [Found], framing: &Framing) -> io::Result<Option<&'f Found>> {
    if place.byte == 0 || is_packed(&place.mark.file) || framing.is_one() {
        return Ok(None);
    }
    for file in files.iter().filter(|it| it.name != place.mark.file && !it.is_packed() && it.size >= place.byte) {
        let (_, first) = Input::open(file)?;
        let fits = place.mark.fingerprint.length() > 0 && place.mark.fingerprint.fits(&first);
        let mut opened = file.open()?;
        opened.seek(SeekFrom::Start(place.byte - 1))?;
        let mut last = [0];
        opened.read_exact(&mut last)?;
        let [last] = last;
        if fits && framing.goes_on_behind(last) {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// The place of a file that is there under another name. `replaced`: its own name holds something else.
fn renamed(place: &Place, file: &Found, replaced: bool) -> io::Result<Option<Place>> {
    let Some(ending) = place.ending.as_ref().filter(|_| place.byte > 0) else { return Ok(None) };
    let was_packed = is_packed(&place.mark.file);
    if was_packed && !file.is_packed() {
        return Ok(None);
    }
    let (mut text, first) = Input::open(file)?;
    let mut opened = file.open()?;
    let about = opened.metadata()?;
    let same = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
    let older = same(ending.modified, micros(about.modified())) || same(ending.created, micros(about.created()));
    if !older && !replaced {
        return Ok(None);
    }
    let size = place.mark.size;
    let mark = match was_packed == file.is_packed() {
        true => {
            let long_enough = if was_packed { file.size == size } else { file.size >= size };
            if !long_enough || !place.mark.fingerprint.fits(&first) || last_bytes(&mut opened, size)? != ending.last {
                return Ok(None);
            }
            FileMark { file: file.name.clone(), ..place.mark.clone() }
        }
        // It was packed when it was put away.
        false => {
            let length = (Fingerprint::LENGTH as u64).min(place.byte);
            let mut begin = Vec::new();
            (&mut text).take(length).read_to_end(&mut begin)?;
            if !place.mark.fingerprint.fits(&begin) {
                return Ok(None);
            }
            let (mut text, _) = Input::open(file)?;
            let mut end = Vec::new();
            if !text.skip_to(place.byte - length)? {
                return Ok(None);
            }
            text.take(length).read_to_end(&mut end)?;
            if Fingerprint::of(&end) != ending.last {
                return Ok(None);
            }
            FileMark { file: file.name.clone(), size: file.size, fingerprint: Fingerprint::of(&first) }
        }
    };
    Ok(Some(Place { turn: turn_of(&first), mark, ..place.clone() }))
}

fn is_packed(name: &str) -> bool {
    matches!(name.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase()).as_deref(), Some("gz" | "zst"))
}

/// The beginning of a file whose name was that of another one.
pub(super) fn fresh(file: &Found) -> io::Result<Place> {
    let (_, first) = Input::open(file)?;
    Ok(Place::begin(&file.name, turn_of(&first)))
}

/// The end of a file that is taken as read.
pub(super) fn skipped(file: &Found) -> Result<Place, RunError> {
    let unreadable = |error: io::Error| problem::unreadable(&file.name, &error);
    let (_, first) = Input::open(file).map_err(unreadable)?;
    let mark = FileMark { file: file.name.clone(), size: file.size, fingerprint: Fingerprint::of(&first) };
    let mut place = Place { mark, ..Place::begin(&file.name, turn_of(&first)) };
    let mut opened = file.open().map_err(unreadable)?;
    if !file.is_packed() {
        let mut room = vec![0; 64 << 10];
        let mut rest = (&mut opened).take(file.size);
        loop {
            let read = rest.read(&mut room).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            place.line += memchr::memchr_iter(b'\n', room.get(..read).unwrap_or_default()).count() as u64;
        }
        place.byte = file.size;
    }
    place.ending = Some(Ending::of(&mut opened, file.size).map_err(unreadable)?);
    Ok(place)
}

/// Tells what lies under a name from what lay there before: never 0.
fn turn_of(first: &[u8]) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(first);
    hasher.finish().max(1)
}
