//! Where records begin and end in the text of a file: lines, or rows of CSV with line ends in quotes.
//!
//! Holds the unread part of the text in one buffer that grows to the largest record.

use std::io::{self, Read};

use pipewright_plan::{Format, TypedOptions};

use crate::codecs::CodecError;
use crate::codecs::csv::{CsvOptions, Dialect, record_end};

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

    /// The end of the text of the record at `at` (without LF, CRLF), and the start of the next.
    fn end(&self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        match self {
            Framing::Rows { dialect, .. } => record_end(bytes, at, dialect),
            Framing::Lines { .. } => {
                let end = at + memchr::memchr(b'\n', bytes.get(at..)?)?;
                let carriage = end > at && bytes.get(end - 1) == Some(&b'\r');
                Some((end - usize::from(carriage), end + 1))
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

/// A record in the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    from: usize,
    to: usize,
    /// First byte in the text of the file.
    pub start: u64,
    /// Its first line, from 1.
    pub line: u64,
    /// It is not just where the text ends for now.
    pub ended: bool,
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

    /// The next record.
    pub fn next(&mut self, framing: &Framing) -> Result<Frame, Stop> {
        loop {
            let mut ended = true;
            let (end, next) = match framing.end(&self.buffer, self.at) {
                Some(found) => found,
                None if !self.ended && self.buffer.len() - self.at > LARGEST => return Err(Stop::TooLarge(self.line)),
                None if !self.ended => return Err(Stop::More),
                None if self.at >= self.buffer.len() => return Err(Stop::End),
                None => {
                    ended = false;
                    let carriage = self.buffer.last() == Some(&b'\r');
                    (self.buffer.len() - usize::from(carriage), self.buffer.len())
                }
            };
            if end - self.at > LARGEST {
                return Err(Stop::TooLarge(self.line));
            }
            let frame = Frame { from: self.at, to: end, start: self.byte, line: self.line, ended };
            let whole = self.buffer.get(self.at..next).unwrap_or_default();
            self.line += match framing {
                Framing::Lines { .. } => 1,
                Framing::Rows { .. } => memchr::memchr_iter(b'\n', whole).count() as u64,
            };
            self.byte += whole.len() as u64;
            self.at = next;
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
