//! Where the cells of a row and the rows of a text end. Framing and decoding walk with the same function, so they agree.
//!
//! A row ends at LF or CRLF outside quotes. A quote opens a quoted cell only as its first byte.

use super::Dialect;

/// A cell, as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// First byte of its text, behind the quote if there is one.
    pub start: usize,
    /// One past the last byte of its text.
    pub end: usize,
    /// How it is written.
    pub how: How,
    /// What follows.
    pub after: After,
    /// Where the next cell or row starts.
    pub next: usize,
}

/// How a cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Plain,
    Quoted,
    /// Quoted, with doubled quotes inside.
    Doubled,
    /// Quoted, with text behind the closing quote.
    Stray,
    /// The closing quote is not there.
    Unclosed,
}

/// What follows a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Cell,
    Row,
    End,
}

/// The cell that starts at `at`.
#[inline]
pub(super) fn cell(bytes: &[u8], at: usize, dialect: &Dialect) -> Cell {
    if let Some(quote) = dialect.quote
        && bytes.get(at) == Some(&quote)
    {
        quoted(bytes, at + 1, quote, dialect)
    } else {
        plain(bytes, at, at, How::Plain, dialect)
    }
}

fn plain(bytes: &[u8], start: usize, from: usize, how: How, dialect: &Dialect) -> Cell {
    let rest = bytes.get(from..).unwrap_or_default();
    match memchr::memchr2(dialect.delimiter, b'\n', rest).map(|at| from + at) {
        Some(end) if bytes.get(end) == Some(&b'\n') => {
            let text = if end > start && bytes.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
            Cell { start, end: text, how, after: After::Row, next: end + 1 }
        }
        Some(end) => Cell { start, end, how, after: After::Cell, next: end + 1 },
        // A file may end in the middle of a CRLF.
        None => {
            let end = bytes.len() - usize::from(bytes.len() > start && bytes.last() == Some(&b'\r'));
            Cell { start, end, how, after: After::End, next: bytes.len() }
        }
    }
}

fn quoted(bytes: &[u8], start: usize, quote: u8, dialect: &Dialect) -> Cell {
    let mut how = How::Quoted;
    let mut from = start;
    while let Some(at) = bytes.get(from..).and_then(|rest| memchr::memchr(quote, rest)) {
        let end = from + at;
        if bytes.get(end + 1) == Some(&quote) {
            how = How::Doubled;
            from = end + 2;
            continue;
        }
        let cell = |after, next| Cell { start, end, how, after, next };
        return match (bytes.get(end + 1), bytes.get(end + 2)) {
            (None, _) => cell(After::End, end + 1),
            (Some(&byte), _) if byte == dialect.delimiter => cell(After::Cell, end + 2),
            (Some(b'\n'), _) => cell(After::Row, end + 2),
            (Some(b'\r'), Some(b'\n')) => cell(After::Row, end + 3),
            (Some(b'\r'), None) => cell(After::End, end + 2),
            _ => plain(bytes, start, end + 1, How::Stray, dialect),
        };
    }
    Cell { start, end: bytes.len(), how: How::Unclosed, after: After::End, next: bytes.len() }
}

/// Where the row that starts at `at` ends and the next one starts; `None` if its line end is not in `bytes`. The end is
/// that of the text, without LF or CRLF.
#[cfg(any(feature = "engine", test))]
pub(crate) fn record_end(bytes: &[u8], at: usize, dialect: &Dialect) -> Option<(usize, usize)> {
    let mut from = at;
    loop {
        let cell = cell(bytes, from, dialect);
        match cell.after {
            After::Cell => from = cell.next,
            After::End => return None,
            After::Row => {
                let line_feed = cell.next - 1;
                let carriage = line_feed > at && bytes.get(line_feed - 1) == Some(&b'\r');
                return Some((line_feed - usize::from(carriage), cell.next));
            }
        }
    }
}
