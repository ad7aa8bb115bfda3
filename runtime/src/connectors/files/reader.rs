//! The reader: file after file, record after record, in batches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, Read};

use pipewright_plan::{Format, Options, Schema, TypedOptions};

use super::cursor::{FileCursor, FileMark, Fingerprint, Place};
use super::find::{Found, Root};
use super::follow::{Looking, has_rested};
use super::frame::{Frame, Frames, Framing, Stop};
use super::input::{Input, STANDARD_INPUT};
use super::known::{Ending, fresh, put_away, skipped, to_read};
use super::problem;
use super::seen::is_begun;
use super::shape::shape_of;
use super::spec::{FilesConnection, FilesSource, WhenChanged};
use super::values::Damage;
use crate::codecs::csv::{CsvDecoder, header_text};
use crate::codecs::{CodecError, ColumnRequest, Decoder, decoder};
use crate::record::FileRecord;
use crate::report::RunError;

/// How much of a file is looked at to see how its records stand in it.
const SEEN: u64 = 64 << 10;
/// How often files are looked for that were moved away between two looks.
const LOOKS: u32 = 20;

/// What a batch brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records.
    pub records: u64,
    /// There are no more.
    pub ended: bool,
}

/// What becomes of a record that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was taken; the next one, please.
    Taken,
    /// It was taken, and is the last one for now.
    Enough,
    /// It was not taken: the cursor stands before it.
    Refused,
}

/// Reads the files of one source.
pub struct FileReader {
    format: Format,
    pub(super) framing: Framing,
    /// Read to their end.
    pub(super) done: Vec<Place>,
    pub(super) current: Option<Open>,
    /// Not read yet, or grown since they were read to the end they had.
    pub(super) waiting: VecDeque<(Found, Option<Place>)>,
    /// The names of the columns, and the file that has them.
    header: Option<(String, Vec<String>)>,
    /// Bytes of all files; `None` with the standard input.
    pub(super) total: Option<u64>,
    /// Where to look for more; none with the standard input.
    pub(super) looking: Option<Looking>,
    /// A last line without an end waits for it.
    pub(super) following: bool,
    /// Files that end in a line without an end, with the size they had.
    pub(super) held: BTreeMap<String, u64>,
    pub(super) changed: WhenChanged,
    /// How often what was found had been moved away.
    moved: u32,
    /// Said after everything before it was delivered.
    failed: Option<RunError>,
}

/// The file being read.
pub(super) struct Open {
    pub(super) mark: FileMark,
    input: Input,
    frames: Frames,
    records: u64,
    turn: u64,
    /// The file itself, whatever its name is by now; none for the standard input.
    opened: Option<File>,
    /// Its first bytes on disk.
    first: Vec<u8>,
    /// Nobody writes to it any more, as far as one can see.
    rested: bool,
}

impl Open {
    /// What must be the same when reading goes on: of a plain file only what was read of it, so that the record that stopped
    /// a run can be mended.
    fn so_far(&self) -> FileMark {
        if self.input.packed || self.mark.file == STANDARD_INPUT {
            return self.mark.clone();
        }
        let read = usize::try_from(self.frames.byte).unwrap_or(usize::MAX);
        let fingerprint = match self.first.get(..read) {
            Some(first) => Fingerprint::of(first),
            None => self.mark.fingerprint.clone(),
        };
        FileMark { fingerprint, ..self.mark.clone() }
    }
}

impl Open {
    /// What stands before the records. `None`: the file ends before.
    fn first_of(&mut self, framing: &Framing) -> Result<Option<Frame>, RunError> {
        loop {
            match self.frames.next(framing) {
                Ok(frame) => return Ok(Some(frame)),
                Err(Stop::More) => {
                    self.frames.fill(&mut self.input).map_err(|error| unpacking(&self.mark.file, 0, &error))?;
                }
                Err(Stop::End) => return Ok(None),
                Err(Stop::TooLarge(line)) => return Err(problem::too_large(&self.mark.file, line)),
                Err(Stop::Broken(line, damage)) => return Err(problem::broken(&self.mark.file, line, damage)),
            }
        }
    }
}

impl FileReader {
    /// Finds the files and opens the first one, or goes on behind the last record of a cursor.
    pub fn open(
        connection: &Options,
        source: &Options,
        format: &Format,
        cursor: Option<&str>,
    ) -> Result<Self, RunError> {
        let mut looks = 0;
        loop {
            match Self::open_once(connection, source, format, cursor) {
                // Logs were put away while we looked.
                Err(error) if error.name == problem::MOVED && looks < LOOKS => looks += 1,
                opened => return opened,
            }
        }
    }

    fn open_once(
        connection: &Options,
        source: &Options,
        format: &Format,
        cursor: Option<&str>,
    ) -> Result<Self, RunError> {
        let wrong = |error: pipewright_plan::OptionError| problem::bad_option(error.to_string(), None);
        let root = FilesConnection::decode(connection).map_err(wrong)?.root;
        let source = FilesSource::decode(source).map_err(wrong)?;
        let (changed, path) = (source.when_changed(), source.path);
        let cursor = cursor.map(FileCursor::read).transpose()?.unwrap_or_default();
        if path == STANDARD_INPUT {
            return Self::stream(Box::new(io::stdin()), format, cursor);
        }
        let root = Root::open(&root)?;
        let found = root.find(&path)?;
        if found.is_empty() && cursor == FileCursor::default() {
            return Err(root.nothing(&path));
        }
        let mut reader = Self::empty(format)?;
        reader.total = Some(0);
        let mut add = |size: u64| reader.total = reader.total.map(|total| total + size);
        let mut current = None;
        // A file that is gone has been read: nothing is lost.
        cursor
            .done
            .iter()
            .filter(|it| found.iter().all(|file| file.name != it.mark.file))
            .for_each(|it| add(it.mark.size));
        let there: BTreeSet<String> = found.iter().map(|it| it.name.clone()).collect();
        let mut files = Vec::new();
        for file in found {
            add(file.size);
            match &cursor.current {
                Some(place) if place.mark.file == file.name => current = Some(file),
                _ => files.push(file),
            }
        }
        let mut begun = cursor.current;
        let mut away = None;
        if let Some(place) = &begun
            && !current.as_ref().map_or(Ok(false), |file| is_begun(place, file))?
        {
            let found = put_away(place, &files, &reader.framing);
            let found = found.map_err(|error| problem::unreadable(&place.mark.file, &error))?.cloned();
            if let Some(file) = found {
                files.retain(|it| it.name != file.name);
                let mark = FileMark { file: file.name.clone(), ..place.mark.clone() };
                away = Some((file, Place { mark, ..place.clone() }));
                begun = None;
            }
        }
        reader.done = cursor.done;
        reader.changed = changed;
        reader.waiting = to_read(&mut reader.done, files, &there, &reader.framing, changed)?.into();
        reader.looking = Self::looks_in(root, &path);
        if let Some((file, place)) = away {
            // What has the name of a log that was put away is a new one.
            if let Some(file) = current.take() {
                let begun = fresh(&file).map_err(|error| problem::unreadable(&file.name, &error))?;
                reader.waiting.push_front((file, Some(begun)));
            }
            reader.waiting.push_front((file, Some(place)));
        }
        match (begun, current) {
            (Some(place), Some(file)) => match reader.go_on(&place, &file) {
                Err(error) if error.name == problem::CHANGED && changed != WhenChanged::Stop => {
                    reader.current = None;
                    match changed {
                        WhenChanged::Skip => reader.done.push(skipped(&file)?),
                        WhenChanged::Stop | WhenChanged::Read => {
                            let begun = fresh(&file).map_err(|error| problem::unreadable(&file.name, &error))?;
                            reader.waiting.push_front((file, Some(begun)));
                        }
                    }
                }
                went => went?,
            },
            (Some(place), None) if changed == WhenChanged::Stop => {
                let why = format!("is gone; it was read up to line {}", place.line.saturating_sub(1));
                return Err(problem::changed(&place.mark.file, &why));
            }
            (Some(_) | None, _) => {}
        }
        // The header must be known before the decoder is made.
        while reader.current.is_none() && reader.open_next()? {
            if reader.framing.header().is_none() || reader.header.is_some() {
                break;
            }
            reader.finish_current();
        }
        Ok(reader)
    }

    /// Reads a stream instead of files.
    pub(super) fn stream(stream: Box<dyn Read + Send>, format: &Format, cursor: FileCursor) -> Result<Self, RunError> {
        let mut reader = Self::empty(format)?;
        let broken = |error: io::Error| problem::unreadable(STANDARD_INPUT, &error);
        let marks = cursor.done.iter().chain(cursor.current.as_ref()).map(|place| &place.mark);
        if let Some(other) = marks.into_iter().find(|mark| mark.file != STANDARD_INPUT) {
            return Err(problem::other_input(&other.file));
        }
        let needed = cursor.current.as_ref().map_or(0, |place| place.mark.fingerprint.length());
        let (input, first) = Input::stream(stream, needed).map_err(broken)?;
        let mark = FileMark { file: STANDARD_INPUT.to_string(), size: 0, fingerprint: Fingerprint::of(&first) };
        reader.current = Some(Open {
            mark,
            input,
            frames: Frames::new(0, 1, false),
            records: 0,
            turn: 0,
            opened: None,
            first: first.clone(),
            rested: true,
        });
        reader.read_header()?;
        if let (Some(place), Some(open)) = (cursor.current, &mut reader.current) {
            if !place.mark.fingerprint.fits(&first) {
                return Err(problem::changed(STANDARD_INPUT, "is not what was read before"));
            }
            while open.frames.byte < place.byte {
                match open.frames.next(&reader.framing) {
                    Ok(_) => {}
                    Err(Stop::More) => open.frames.fill(&mut open.input).map_err(broken)?,
                    Err(_) => break,
                }
            }
            if open.frames.byte != place.byte {
                return Err(problem::changed(STANDARD_INPUT, "is shorter than what was read before"));
            }
            open.mark.fingerprint = place.mark.fingerprint;
            open.records = place.records;
        }
        Ok(reader)
    }

    fn empty(format: &Format) -> Result<Self, RunError> {
        Ok(Self {
            format: format.clone(),
            framing: Framing::of(format)?,
            done: Vec::new(),
            current: None,
            waiting: VecDeque::new(),
            header: None,
            total: None,
            looking: None,
            following: false,
            held: BTreeMap::new(),
            moved: 0,
            failed: None,
            changed: WhenChanged::Stop,
        })
    }

    /// Goes on in a file that was begun.
    fn go_on(&mut self, place: &Place, file: &Found) -> Result<(), RunError> {
        let broken = |error: io::Error| unpacking(&file.name, place.records, &error);
        let (opened, input, first) = open(file)?;
        // A line that was mended may be shorter; but that nothing is left of what was to come is no mending.
        let cut = file.size < place.mark.size && (input.packed || file.size <= place.byte);
        if cut || !place.mark.fingerprint.fits(&first) {
            return Err(problem::changed(&file.name, "is not the file that was begun: it has changed"));
        }
        let mark = FileMark { file: file.name.clone(), size: file.size, fingerprint: Fingerprint::of(&first) };
        let rested = has_rested(file);
        let (frames, turn) = (Frames::new(0, 1, false), place.turn);
        self.current = Some(Open { mark, input, frames, records: 0, turn, opened, first, rested });
        self.read_header()?;
        // Of a file that is begun now the header has just been read.
        if let Some(open) = self.current.as_mut().filter(|_| place.byte > 0) {
            // The header may have been read ahead: start over at the right byte.
            let (mut input, _) = Input::open(file).map_err(|error| problem::unreadable(&file.name, &error))?;
            if !input.skip_to(place.byte).map_err(broken)? {
                return Err(problem::changed(&file.name, "is shorter than what was read of it"));
            }
            open.input = input;
            open.frames = Frames::new(place.byte, place.line, place.records > 0);
            open.records = place.records;
        }
        Ok(())
    }

    /// Opens the next file. False: there is none. One that was put away since it was found is looked for under its new name:
    /// now, or at the next look where there is one.
    fn open_next(&mut self) -> Result<bool, RunError> {
        loop {
            let Some((file, place)) = self.waiting.pop_front() else { return Ok(false) };
            match self.open_found(&file, place.as_ref()) {
                Err(error) if error.name == problem::MOVED && self.can_follow() => {
                    self.current = None;
                    self.held.remove(&file.name);
                    let read_before = place.as_ref().map_or(0, |it| it.mark.size.min(file.size));
                    self.total = self.total.map(|it| it.saturating_sub(file.size - read_before));
                    self.done.extend(place);
                    if self.waiting.is_empty() && !self.following {
                        self.moved += 1;
                        if self.moved > LOOKS {
                            return Err(error);
                        }
                        self.look_again()?;
                    }
                }
                opened => return opened.map(|()| true),
            }
        }
    }

    fn open_found(&mut self, file: &Found, place: Option<&Place>) -> Result<(), RunError> {
        if let Some(place) = place {
            return self.go_on(place, file);
        }
        let (opened, input, first) = open(file)?;
        self.check_shape(file)?;
        let rested = has_rested(file);
        let mark = FileMark { file: file.name.clone(), size: file.size, fingerprint: Fingerprint::of(&first) };
        let frames = Frames::new(0, 1, false);
        self.current = Some(Open { mark, input, frames, records: 0, turn: 0, opened, first, rested });
        self.read_header()
    }

    /// Looks whether the file just opened holds one object a line, if it should.
    fn check_shape(&self, file: &Found) -> Result<(), RunError> {
        if self.format.codec != "json" || !self.framing.is_lines() {
            return Ok(());
        }
        let mut text = Vec::new();
        // What is wrong with the file is said when it is read.
        let read = Input::open(file).and_then(|(input, _)| input.take(SEEN).read_to_end(&mut text));
        let whole = read.is_ok_and(|length| (length as u64) < SEEN);
        match shape_of(&text, whole) {
            Some(shape) => Err(problem::other_shape(&file.name, shape)),
            None => Ok(()),
        }
    }

    /// Reads the header of the file just opened, if it should have one.
    fn read_header(&mut self) -> Result<(), RunError> {
        let Some(open) = &mut self.current else { return Ok(()) };
        for _ in 0..self.framing.skips() {
            if open.first_of(&Framing::Lines { skip_blank: false })?.is_none() {
                return Ok(());
            }
        }
        let Some(dialect) = self.framing.header() else { return Ok(()) };
        let Some(frame) = open.first_of(&self.framing)? else { return Ok(()) };
        let text = String::from_utf8_lossy(open.frames.text(frame));
        let names =
            header_text(&text, dialect).map_err(|why| problem::bad_header(&open.mark.file, frame.line, &why))?;
        match &self.header {
            Some((first, expected)) if *expected != names => Err(problem::header_differs(&open.mark.file, first)),
            Some(_) => Ok(()),
            None => {
                self.header = Some((open.mark.file.clone(), names));
                Ok(())
            }
        }
    }

    /// A decoder of the records of this reader: it knows the header, which [`codecs::decoder`](crate::codecs::decoder)
    /// cannot.
    pub fn decoder(&self, columns: &[ColumnRequest], schema: &Schema) -> Result<Box<dyn Decoder>, CodecError> {
        match &self.header {
            Some((_, names)) => {
                Ok(Box::new(CsvDecoder::new(&self.format.options, columns, schema, Some(names.as_slice()))?))
            }
            None => decoder(&self.format, columns, schema),
        }
    }

    /// Hands records to `sink` until there are `max_records`, or `max_bytes` of them, or no more. At least one, if there is
    /// one. An error comes after everything before it was delivered, and comes again.
    pub fn next_batch(
        &mut self,
        max_records: usize,
        max_bytes: usize,
        sink: &mut dyn FnMut(FileRecord<'_>),
    ) -> Result<Progress, RunError> {
        self.next_batch_while(max_records, max_bytes, &mut |record| {
            sink(record);
            Answer::Taken
        })
    }

    /// The same, but `sink` may end the batch after or before a record. What it refused is not counted, and comes again.
    pub fn next_batch_while(
        &mut self,
        max_records: usize,
        max_bytes: usize,
        sink: &mut dyn FnMut(FileRecord<'_>) -> Answer,
    ) -> Result<Progress, RunError> {
        let mut records = 0u64;
        let mut bytes = 0usize;
        let failed = loop {
            if let Some(failed) = &self.failed {
                break failed.clone();
            }
            if self.current.is_none() {
                match self.open_next() {
                    Ok(true) => {}
                    Ok(false) => return Ok(Progress { records, ended: true }),
                    Err(error) => break error,
                }
            }
            let Some(open) = &mut self.current else { continue };
            match open.frames.next(&self.framing) {
                Ok(frame) => {
                    // Somebody may be about to write the rest of the line.
                    if self.following && !frame.ended && !open.rested && !open.input.packed {
                        open.frames.back(frame);
                        self.finish_current();
                        continue;
                    }
                    let text = open.frames.text(frame);
                    let length = text.len();
                    let record = FileRecord {
                        bytes: text,
                        file: &open.mark.file,
                        turn: open.turn,
                        start: frame.start,
                        line: frame.line,
                        lines: frame.lines,
                        torn: frame.torn,
                        head: self.header.as_ref().map(|(_, names)| names.as_slice()),
                    };
                    let answer = sink(record);
                    if answer == Answer::Refused {
                        open.frames.back(frame);
                        return Ok(Progress { records, ended: false });
                    }
                    open.records += 1;
                    records += 1;
                    bytes += length;
                    if answer == Answer::Enough || records as usize >= max_records || bytes >= max_bytes {
                        return Ok(Progress { records, ended: false });
                    }
                }
                // A stream may be slow: what has come goes on.
                Err(Stop::More) if records > 0 && open.mark.file == STANDARD_INPUT => {
                    return Ok(Progress { records, ended: false });
                }
                Err(Stop::More) => {
                    if let Err(error) = open.frames.fill(&mut open.input) {
                        break unpacking(&open.mark.file, open.records, &error);
                    }
                }
                // The standard input stays open at its end: it cannot be told from a new one by its length.
                Err(Stop::End) if open.mark.file == STANDARD_INPUT => return Ok(Progress { records, ended: true }),
                Err(Stop::End) => self.finish_current(),
                Err(Stop::TooLarge(line)) => break problem::too_large(&open.mark.file, line),
                // Somebody may be about to write the rest of the value.
                Err(Stop::Broken(_, Damage::OpenValue)) if self.following && !open.rested && !open.input.packed => {
                    self.finish_current();
                }
                Err(Stop::Broken(line, damage)) => break problem::broken(&open.mark.file, line, damage),
            }
        };
        self.failed = Some(failed.clone());
        if records > 0 { Ok(Progress { records, ended: false }) } else { Err(failed) }
    }

    fn finish_current(&mut self) {
        if let Some(mut open) = self.current.take() {
            if !open.input.packed {
                // It may have grown while it was read.
                open.mark.size = open.frames.byte;
            }
            let end = if open.input.packed { open.mark.size } else { open.frames.byte };
            // By now another file may have its name.
            let ending = open.opened.as_mut().and_then(|file| Ending::of(file, end).ok());
            self.done.push(Place {
                mark: open.mark,
                byte: open.frames.byte,
                line: open.frames.line,
                records: open.records,
                turn: open.turn,
                ending,
            });
        }
    }

    /// The position after the last delivered record, for [`open`](Self::open).
    pub fn cursor(&self) -> String {
        let current = self.current.as_ref().map(|open| Place {
            mark: open.so_far(),
            byte: open.frames.byte,
            line: open.frames.line,
            records: open.records,
            turn: open.turn,
            ending: None,
        });
        // What has grown since it was read is not forgotten while it waits.
        let waiting = self.waiting.iter().filter_map(|(_, place)| place.clone());
        FileCursor { done: self.done.iter().cloned().chain(waiting).collect(), current }.write()
    }

    /// Bytes of all files on disk, read and unread; `None` if that cannot be known.
    pub fn total_bytes(&self) -> Option<u64> {
        self.total
    }

    /// Bytes on disk that were read, in earlier runs too.
    pub fn consumed_bytes(&self) -> u64 {
        let current = self.current.as_ref().map_or(0, |open| match open.input.packed {
            true => open.input.raw(),
            false => open.frames.byte,
        });
        let grown = self.waiting.iter().filter_map(|(_, place)| place.as_ref()).map(|it| it.mark.size).sum::<u64>();
        self.done.iter().map(|it| it.mark.size).sum::<u64>() + current + grown
    }
}

/// A file that was found: itself, its text, its first bytes.
fn open(file: &Found) -> Result<(Option<File>, Input, Vec<u8>), RunError> {
    let opened = file.open().and_then(|it| Ok((it.try_clone()?, it)));
    let opened = opened.and_then(|(same, it)| Input::of(it, file).map(|(input, first)| (Some(same), input, first)));
    opened.map_err(|error| problem::unreadable(&file.name, &error))
}

/// What an error while reading means.
fn unpacking(file: &str, records: u64, error: &io::Error) -> RunError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => problem::truncated(file, records),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            problem::damaged(file, records, error)
        }
        _ => problem::unreadable(file, error),
    }
}
