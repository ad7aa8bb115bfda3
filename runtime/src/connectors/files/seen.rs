//! How a file that was read before looks now: the same, longer, or another one. Reads its first bytes and no more.

use std::io;

use super::cursor::Place;
use super::find::Found;
use super::frame::Framing;
use super::input::Input;
use super::problem;
use crate::report::RunError;

/// How a file that was read to its end looks now.
#[derive(PartialEq, Eq)]
pub(super) enum Seen {
    Same,
    /// Something was appended.
    Grown,
}

/// A file that was read to its end must still begin with what it was. Plain files may grow, as logs do.
pub(super) fn verify_done(place: &Place, file: &Found, framing: &Framing) -> Result<Seen, RunError> {
    let mark = &place.mark;
    if place.is_anew() {
        return Ok(Seen::Grown);
    }
    let unreadable = |error: io::Error| problem::unreadable(&file.name, &error);
    let (input, first) = Input::open(file).map_err(unreadable)?;
    let same_start = mark.fingerprint.fits(&first);
    if mark.size == file.size {
        return match same_start {
            true => Ok(Seen::Same),
            false => Err(problem::changed(&file.name, "was read before, and has changed since")),
        };
    }
    if file.size < mark.size || !same_start || input.packed || framing.is_one() {
        let why = format!("was read when it had {} bytes, and has {} now", mark.size, file.size);
        return Err(problem::changed(&file.name, &why));
    }
    // The last line had no end: what came after it may belong to it.
    if mark.size > 0 && !framing.goes_on_behind(byte_before(file, mark.size).map_err(unreadable)?) {
        let why = format!("was read up to line {}, which had no end, and has grown since", place.line);
        return Err(problem::changed(&file.name, &why));
    }
    Ok(Seen::Grown)
}

fn byte_before(file: &Found, size: u64) -> io::Result<u8> {
    use io::{Read as _, Seek as _};
    let mut opened = file.open()?;
    opened.seek(io::SeekFrom::Start(size - 1))?;
    let mut last = [0u8];
    opened.read_exact(&mut last)?;
    let [last] = last;
    Ok(last)
}

/// Whether a file still begins as it did when it was begun, and holds what was read of it.
pub(super) fn is_begun(place: &Place, file: &Found) -> Result<bool, RunError> {
    let (_, first) = Input::open(file).map_err(|error| problem::unreadable(&file.name, &error))?;
    Ok(place.mark.fingerprint.fits(&first) && (file.is_packed() || file.size >= place.byte))
}
