//! Where records begin and end in the text of a file: lines, rows of CSV with line ends in quotes, JSON values.
//!
//! Holds the unread part of the text in one buffer that grows to the largest record.

use std::io::{self, Read};

use pipewright_plan::{Format, TypedOptions};

use super::values::{self, Damage, Step};
use crate::codecs::CodecError;
use crate::codecs::csv::{CsvOptions, Dialect, row};
use crate::codecs::json::{JsonFraming, JsonOptions};
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
        /// Lines before the header, or the first row.
        skip: u32,
    },
    /// The elements of the one array that the text is.
    Elements,
    /// JSON values, one after the other.
    Values,
}

/// What a text holds at a place.
enum Search {
    Found(Found),
    /// Its end is not there, and more may come.
    More,
    /// Nothing but blanks up to here, where the text ends.
    End(usize),
    Broken(usize, Damage),
}

impl Framing {
    /// The framing of a format.
    pub fn of(format: &Format) -> Result<Self, CodecError> {
        Ok(match format.codec.as_str() {
            "csv" => {
                let CsvOptions { header, skip, .. } = CsvOptions::decode(&format.options)?;
                Framing::Rows { dialect: Dialect::new(&format.options)?, header, skip }
            }
            "json" => match JsonOptions::decode(&format.options)?.framing() {
                JsonFraming::Lines => Framing::Lines { skip_blank: true },
                JsonFraming::Array => Framing::Elements,
                JsonFraming::Values => Framing::Values,
            },
            codec => Framing::Lines { skip_blank: codec != "raw" },
        })
    }

    /// How the header is written, if files have one.
    pub fn header(&self) -> Option<&Dialect> {
        match self {
            Framing::Rows { dialect, header: true, .. } => Some(dialect),
            _ => None,
        }
    }

    /// Whether a text that ends with this byte can be read on when it has grown.
    pub fn goes_on_behind(&self, byte: u8) -> bool {
        match self {
            Framing::Lines { .. } | Framing::Rows { .. } => byte == b'\n',
            // What was read to its end cannot be an array that grows.
            Framing::Elements => false,
            Framing::Values => matches!(byte, b'}' | b']' | b'"') || byte.is_ascii_whitespace(),
        }
    }

    /// How many lines of a file stand before what is read.
    pub fn skips(&self) -> u32 {
        match self {
            Framing::Rows { skip, .. } => *skip,
            Framing::Lines { .. } | Framing::Elements | Framing::Values => 0,
        }
    }

    /// Whether a record is a line.
    pub fn is_lines(&self) -> bool {
        matches!(self, Framing::Lines { .. })
    }

    /// Whether a text has no meaning before it is complete.
    pub fn is_one(&self) -> bool {
        matches!(self, Framing::Elements)
    }

    /// The record at `at`. `begun`: it is not the first one. `last`: nothing comes behind `bytes`.
    fn find(&self, bytes: &[u8], at: usize, begun: bool, last: bool) -> Search {
        let step = match self {
            Framing::Rows { dialect, .. } => {
                let Some(row) = row(bytes, at, dialect, last) else { return Search::More };
                let torn = row.open.map(|open| Torn {
                    cell: open.cell + 1,
                    line: open.line,
                    lines: open.lines,
                    ends: if open.closed { TornEnd::Stray } else { TornEnd::Never },
                });
                return Search::Found(Found { from: at, end: row.end, next: row.next, ended: row.ended, torn });
            }
            Framing::Lines { .. } => {
                let (end, next, ended) = match memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
                    Some(length) => (at + length, at + length + 1, true),
                    None if last && at < bytes.len() => (bytes.len(), bytes.len(), false),
                    None => return Search::More,
                };
                let carriage = end > at && bytes.get(end - 1) == Some(&b'\r');
                let end = end - usize::from(carriage);
                return Search::Found(Found { from: at, end, next, ended, torn: None });
            }
            Framing::Elements => values::element(bytes, at, begun, last),
            Framing::Values => values::value(bytes, at, last),
        };
        match step {
            Step::Value { from, to, ended } => Search::Found(Found { from, end: to, next: to, ended, torn: None }),
            Step::More => Search::More,
            Step::End(at) => Search::End(at),
            Step::Broken(at, damage) => Search::Broken(at, damage),
        }
    }

    fn is_record(&self, text: &[u8]) -> bool {
        match self {
            Framing::Lines { skip_blank: true } => !text.trim_ascii().is_empty(),
            Framing::Lines { skip_blank: false } => true,
            Framing::Rows { .. } | Framing::Elements | Framing::Values => !text.is_empty(),
        }
    }
}

/// A record in a text.
struct Found {
    /// Its first byte.
    from: usize,
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
    /// What [`Frames::back`] goes back to: before what stands between it and the one before.
    before: Before,
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

/// Where reading stood.
#[derive(Clone, Copy, Debug)]
struct Before {
    at: usize,
    byte: u64,
    line: u64,
    begun: bool,
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
    /// From this line on it cannot be read.
    Broken(u64, Damage),
}

/// The text of a file on its way.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    /// First unread byte of the buffer, and its place in the file.
    at: usize,
    pub byte: u64,
    pub line: u64,
    /// A record was read before this place.
    begun: bool,
    /// The text has been read to its last byte.
    over: bool,
    ended: bool,
}

impl Frames {
    /// From that place of a file on. `begun`: there are records before it.
    pub fn new(byte: u64, line: u64, begun: bool) -> Self {
        Self { buffer: Vec::new(), at: 0, byte, line, begun, over: false, ended: false }
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
            if self.over {
                return Err(Stop::End);
            }
            // With a CRLF behind it.
            let most = self.at + LARGEST + 2;
            let cut = self.buffer.len() > most;
            let seen = self.buffer.get(..most).unwrap_or(&self.buffer);
            let found = match framing.find(seen, self.at, self.begun, self.ended && !cut) {
                Search::Found(found) => Some(found),
                // Only a quote that ate the lines behind it has an end here: that of its own line.
                Search::More if cut => match framing.find(seen, self.at, self.begun, true) {
                    Search::Found(found) => found.torn.map(|torn| Found {
                        ended: true,
                        torn: Some(Torn { ends: TornEnd::TooLarge, ..torn }),
                        ..found
                    }),
                    Search::More | Search::End(_) | Search::Broken(..) => None,
                },
                Search::More => None,
                Search::End(at) => {
                    self.pass(at);
                    self.over = true;
                    return Err(Stop::End);
                }
                Search::Broken(at, damage) => return Err(Stop::Broken(self.line + self.lines(self.at, at), damage)),
            };
            let found = match found {
                Some(found) if found.end - self.at <= LARGEST => found,
                Some(_) => return Err(Stop::TooLarge(self.line)),
                None if cut => return Err(Stop::TooLarge(self.line)),
                None if !self.ended => return Err(Stop::More),
                None => return Err(Stop::End),
            };
            let before = Before { at: self.at, byte: self.byte, line: self.line, begun: self.begun };
            let line = match framing {
                Framing::Lines { .. } | Framing::Rows { .. } => self.line,
                Framing::Elements | Framing::Values => self.line + self.lines(self.at, found.from),
            };
            let lines = match framing {
                Framing::Lines { .. } => 1,
                Framing::Rows { .. } => self.lines(found.from, found.next),
                Framing::Elements | Framing::Values => self.lines(found.from, found.next) + 1,
            };
            let frame = Frame {
                from: found.from,
                to: found.end,
                before,
                start: self.byte + (found.from - self.at) as u64,
                line,
                lines: lines.max(1),
                ended: found.ended,
                torn: found.torn.map(|torn| Torn { line: self.line + torn.line, ..torn }),
            };
            self.byte += (found.next - self.at) as u64;
            self.at = found.next;
            self.begun = true;
            // A value ends on its last line, a line behind it.
            self.line = match framing {
                Framing::Lines { .. } | Framing::Rows { .. } => line + lines,
                Framing::Elements | Framing::Values => line + lines - 1,
            };
            if framing.is_record(self.text(frame)) {
                return Ok(frame);
            }
        }
    }

    /// Takes a record back that [`next`](Self::next) has just given: it comes again.
    pub fn back(&mut self, frame: Frame) {
        let Before { at, byte, line, begun } = frame.before;
        (self.at, self.byte, self.line, self.begun) = (at, byte, line, begun);
    }

    fn pass(&mut self, to: usize) {
        self.line += self.lines(self.at, to);
        self.byte += (to - self.at) as u64;
        self.at = to;
    }

    fn lines(&self, from: usize, to: usize) -> u64 {
        memchr::memchr_iter(b'\n', self.buffer.get(from..to).unwrap_or_default()).count() as u64
    }

    /// The text of a record that [`next`](Self::next) has just given.
    pub fn text(&self, frame: Frame) -> &[u8] {
        self.buffer.get(frame.from..frame.to).unwrap_or_default()
    }
}
