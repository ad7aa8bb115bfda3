//! Where records begin and end in the text of a file: lines, or rows of CSV with line ends in quotes.
//!
//! Holds the unread part of the text in one buffer that grows to the largest record.

use std::io::{self, Read};

use pipewright_plan::{Format, TypedOptions};

use crate::codecs::CodecError;
use crate::codecs::csv::{CsvOptions, Dialect, row};
use crate::record::{Torn, TornEnd};

/// The largest record.
pub(super) const LARGEST: usize = 16 << 20;
const CHUNK: usize = 256 << 10;

/// How a text is cut.
#[derive(Clone, Debug)]
pub(super) enum Framing {
    /// One record a line. Blank lines are none, if so said.
    Lines { skip_blank: bool },
    /// One record a row. Empty lines are none.
    Rows {
        dialect: Dialect,
        /// The first row of a file names its columns.
        header: bool,
    },
}

impl Framing {
    /// The framing of a format.
    pub fn of(format: &Format) -> Result<Self, CodecError> {
        Ok(match format.codec.as_str() {
            "csv" => Framing::Rows {
                dialect: Dialect::new(&format.options)?,
                header: CsvOptions::decode(&format.options)?.header,
            },
            codec => Framing::Lines { skip_blank: codec != "raw" },
        })
    }

    /// How the header is written, if files have one.
    pub fn header(&self) -> Option<&Dialect> {
        match self {
            Framing::Rows { dialect, header: true } => Some(dialect),
            _ => None,
        }
    }

    /// The record at `at`. `None`: its end is not there, and more may come. `last`: nothing comes behind `bytes`.
    fn find(&self, bytes: &[u8], at: usize, last: bool) -> Option<Found> {
        match self {
            Framing::Rows { dialect, .. } => {
                let row = row(bytes, at, dialect, last)?;
                let torn = row.open.map(|open| Torn {
                    cell: open.cell + 1,
                    line: open.line,
                    lines: open.lines,
                    ends: if open.closed { TornEnd::Stray } else { TornEnd::Never },
                });
                Some(Found { end: row.end, next: row.next, ended: row.ended, torn })
            }
            Framing::Lines { .. } => {
                let (end, next, ended) = match memchr::memchr(b'\n', bytes.get(at..)?) {
                    Some(length) => (at + length, at + length + 1, true),
                    None if last && at < bytes.len() => (bytes.len(), bytes.len(), false),
                    None => return None,
                };
                let carriage = end > at && bytes.get(end - 1) == Some(&b'\r');
                Some(Found { end: end - usize::from(carriage), next, ended, torn: None })
            }
        }
    }

    fn is_record(&self, text: &[u8]) -> bool {
        match self {
            Framing::Lines { skip_blank: true } => !text.trim_ascii().is_empty(),
            Framing::Lines { skip_blank: false } => true,
            Framing::Rows { .. } => !text.is_empty(),
        }
    }
}

/// A record in a text.
struct Found {
    /// One past its text, without LF or CRLF.
    end: usize,
    /// The start of the next one.
    next: usize,
    /// It is not just where the text ends for now.
    ended: bool,
    /// Lines are counted from its first one, which is 0.
    torn: Option<Torn>,
}

/// A record in the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    from: usize,
    to: usize,
    /// First byte in the text of the file.
    pub start: u64,
    /// Its first line, from 1.
    pub line: u64,
    /// How many lines it takes.
    pub lines: u64,
    /// It is not just where the text ends for now.
    pub ended: bool,
    /// It is only what is left of a record.
    pub torn: Option<Torn>,
}

/// Why there is no record now.
#[derive(Debug)]
pub(super) enum Stop {
    /// More must be read first.
    More,
    /// The text has ended.
    End,
    /// The record at this line is larger than [`LARGEST`].
    TooLarge(u64),
}

/// The text of a file on its way.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    /// First unread byte of the buffer, and its place in the file.
    at: usize,
    pub byte: u64,
    pub line: u64,
    ended: bool,
}

impl Frames {
    /// From that place of a file on.
    pub fn new(byte: u64, line: u64) -> Self {
        Self { buffer: Vec::new(), at: 0, byte, line, ended: false }
    }

    /// Reads once.
    pub fn fill(&mut self, input: &mut impl Read) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let length = self.buffer.len();
        // Twice the text of an unfinished record, so that looking for its end again costs little.
        self.buffer.resize(length + CHUNK.max(length), 0);
        let room = self.buffer.get_mut(length..).unwrap_or_default();
        let read = loop {
            match input.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => break read,
            }
        };
        self.buffer.truncate(length + *read.as_ref().unwrap_or(&0));
        self.ended = matches!(read, Ok(0));
        if self.byte == 0 && self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
            self.byte = 3;
        }
        read.map(|_| ())
    }

    /// The next record. What it is depends on the text alone, not on how much of it was read by chance: nothing behind
    /// [`LARGEST`] is looked at.
    pub fn next(&mut self, framing: &Framing) -> Result<Frame, Stop> {
        loop {
            // With a CRLF behind it.
            let most = self.at + LARGEST + 2;
            let cut = self.buffer.len() > most;
            let seen = self.buffer.get(..most).unwrap_or(&self.buffer);
            let mut found = framing.find(seen, self.at, self.ended && !cut);
            if cut && found.is_none() {
                // Only a quote that ate the lines behind it has an end here: that of its own line.
                let torn = framing.find(seen, self.at, true).filter(|it| it.torn.is_some());
                found = torn.map(|it| Found {
                    ended: true,
                    torn: it.torn.map(|torn| Torn { ends: TornEnd::TooLarge, ..torn }),
                    ..it
                });
            }
            let found = match found {
                Some(found) if found.end - self.at <= LARGEST => found,
                Some(_) => return Err(Stop::TooLarge(self.line)),
                None if cut => return Err(Stop::TooLarge(self.line)),
                None if !self.ended => return Err(Stop::More),
                None => return Err(Stop::End),
            };
            let whole = self.buffer.get(self.at..found.next).unwrap_or_default();
            let lines = match framing {
                Framing::Lines { .. } => 1,
                Framing::Rows { .. } => memchr::memchr_iter(b'\n', whole).count() as u64,
            };
            let frame = Frame {
                from: self.at,
                to: found.end,
                start: self.byte,
                line: self.line,
                lines: lines.max(1),
                ended: found.ended,
                torn: found.torn.map(|torn| Torn { line: self.line + torn.line, ..torn }),
            };
            self.line += lines;
            self.byte += whole.len() as u64;
            self.at = found.next;
            if framing.is_record(self.text(frame)) {
                return Ok(frame);
            }
        }
    }

    /// Takes a record back that [`next`](Self::next) has just given: it comes again.
    pub fn back(&mut self, frame: Frame) {
        self.at = frame.from;
        self.byte = frame.start;
        self.line = frame.line;
    }

    /// The text of a record that [`next`](Self::next) has just given.
    pub fn text(&self, frame: Frame) -> &[u8] {
        self.buffer.get(frame.from..frame.to).unwrap_or_default()
    }
}
