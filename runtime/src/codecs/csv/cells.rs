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

/// A row in a text.
#[cfg(any(feature = "engine", test))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// One past its last byte, without LF or CRLF.
    pub end: usize,
    /// Where the next one starts.
    pub next: usize,
    /// A line end is behind it.
    pub ended: bool,
    /// It is only what is left of a row whose quote took more lines than it should.
    pub open: Option<OpenQuote>,
}

/// A quote that runs over line ends and is not closed as it should be.
#[cfg(any(feature = "engine", test))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenQuote {
    /// The cell that it opens, from 0.
    pub cell: usize,
    /// The line on which it opens, from the first of the row, which is 0.
    pub line: u64,
    /// How many lines the cell would have taken.
    pub lines: u64,
    /// Text stands behind its closing quote; otherwise there is no closing quote.
    pub closed: bool,
}

/// The row that starts at `at`; `None` if its end is not in `bytes` and more may come. `last`: nothing comes behind `bytes`.
///
/// A quoted cell that runs over line ends and then ends wrongly takes no good rows along: the row ends with the line on which
/// the quote opens, and the next line is a row again. What a row is depends on nothing but the text from its start on.
#[cfg(any(feature = "engine", test))]
pub(crate) fn row(bytes: &[u8], at: usize, dialect: &Dialect, last: bool) -> Option<Row> {
    let (mut from, mut count) = (at, 0);
    loop {
        let cell = cell(bytes, from, dialect);
        let wrong = cell.how == How::Stray || (cell.how == How::Unclosed && last);
        if wrong && let Some(lines) = line_ends(bytes, cell.start, cell.end) {
            let line = line_ends(bytes, at, cell.start).unwrap_or_default();
            let rest = u64::from(bytes.get(cell.end.saturating_sub(1)) != Some(&b'\n'));
            let open = OpenQuote { cell: count, line, lines: lines + rest, closed: cell.how == How::Stray };
            // There is one: the cell holds it.
            let line_feed = cell.start + memchr::memchr(b'\n', bytes.get(cell.start..)?)?;
            // Without an end of the text, somebody may be writing the rest of the cell.
            return Some(Row { ended: open.closed, open: Some(open), ..ends_with(bytes, at, line_feed) });
        }
        match cell.after {
            After::Cell => from = cell.next,
            After::End if last && at < bytes.len() => {
                let carriage = bytes.last() == Some(&b'\r');
                let end = bytes.len() - usize::from(carriage);
                return Some(Row { end, next: bytes.len(), ended: false, open: None });
            }
            After::End => return None,
            After::Row => return Some(ends_with(bytes, at, cell.next - 1)),
        }
        count += 1;
    }
}

#[cfg(any(feature = "engine", test))]
fn ends_with(bytes: &[u8], at: usize, line_feed: usize) -> Row {
    let carriage = line_feed > at && bytes.get(line_feed - 1) == Some(&b'\r');
    Row { end: line_feed - usize::from(carriage), next: line_feed + 1, ended: true, open: None }
}

/// How many line ends there are, if there is one.
#[cfg(any(feature = "engine", test))]
fn line_ends(bytes: &[u8], from: usize, to: usize) -> Option<u64> {
    let count = memchr::memchr_iter(b'\n', bytes.get(from..to)?).count();
    (count > 0).then_some(count as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_plan::Options;
    use proptest::prelude::*;

    use super::*;

    /// The rows of a text; one that is open with cell, line, lines and whether its quote is closed.
    fn rows(text: &str) -> Vec<String> {
        let dialect = Dialect::new(&Options::new()).unwrap();
        let (mut at, mut rows) = (0, Vec::new());
        while at < text.len() {
            let row = row(text.as_bytes(), at, &dialect, true).unwrap();
            let open = row.open.map(|it| format!(" <{} {} {} {}>", it.cell, it.line, it.lines, it.closed));
            rows.push(format!("{}{}", &text[at..row.end], open.unwrap_or_default()));
            at = row.next;
        }
        rows
    }

    #[test]
    fn a_quote_that_ends_wrongly_takes_its_own_line_only() {
        assert_eq!(
            rows("1,\"a\",1\n2,\"b,2\r\n3,\"c\",3\n4,d,4\n"),
            ["1,\"a\",1", "2,\"b,2 <1 0 2 true>", "3,\"c\",3", "4,d,4"]
        );
        assert_eq!(rows("1,\"a\n2,b\n3,c\n"), ["1,\"a <1 0 3 false>", "2,b", "3,c"]);
        assert_eq!(rows("1,\"a\n2,b\n3,c"), ["1,\"a <1 0 3 false>", "2,b", "3,c"]);
        assert_eq!(rows("\"1\n2\",\"b\n3,c\n"), ["\"1\n2\",\"b <1 1 2 false>", "3,c"], "the first quote is closed");
        assert_eq!(rows("1,\"a\"x,b\n2,\"c\n\",d"), ["1,\"a\"x,b", "2,\"c\n\",d"], "no line is taken along");
        assert_eq!(rows("1,\"\"\"\n2,\"\"\n3,\"x\"\n"), ["1,\"\"\" <1 0 3 true>", "2,\"\"", "3,\"x\""]);
        assert_eq!(rows("1,\"a"), ["1,\"a"]);
        assert_eq!(rows("1,\"a\n"), ["1,\"a <1 0 1 false>"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// A row is the same, however much of the text is there; and begun anew behind it, the rest is the same.
        #[test]
        fn a_row_depends_on_the_text_alone(text in "([a,\"\n]|\r\n){0,24}", seen in 0usize..24) {
            let dialect = Dialect::new(&Options::new()).unwrap();
            let bytes = text.as_bytes();
            let whole = row(bytes, 0, &dialect, true);
            prop_assert_eq!(whole.is_none(), bytes.is_empty());
            let part = row(&bytes[..seen.min(bytes.len())], 0, &dialect, false);
            prop_assert!(part.is_none() || part == whole, "{:?} {:?}", part, whole);
            if let Some(whole) = whole {
                prop_assert!(whole.end <= whole.next && whole.next > 0 && whole.next <= bytes.len());
            }
        }

        /// One quote opened in one cell of a table, wherever: at most its own row is lost.
        #[test]
        fn an_unclosed_quote_costs_one_row(
            table in proptest::collection::vec(proptest::collection::vec("[a-c]{1,3}", 3), 1..8),
            quoted: bool,
            row in 0usize..8,
            cell in 0usize..3,
        ) {
            let row = row % table.len();
            let line = |cells: &Vec<String>, broken: Option<usize>| {
                let cells = cells.iter().enumerate().map(|(at, text)| match (broken == Some(at), quoted) {
                    (true, _) => format!("\"{text}"),
                    (_, true) => format!("\"{text}\""),
                    (_, false) => text.clone(),
                });
                cells.collect::<Vec<_>>().join(",")
            };
            let lines: Vec<_> =
                table.iter().enumerate().map(|(at, cells)| line(cells, (at == row).then_some(cell))).collect();
            let found = rows(&format!("{}\n", lines.join("\n")));
            prop_assert_eq!(found.len(), lines.len());
            for (at, (found, line)) in found.iter().zip(&lines).enumerate() {
                prop_assert!(if at == row { found.starts_with(line) } else { found == line }, "{} {}", found, line);
            }
        }
    }
}
