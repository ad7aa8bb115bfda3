//! Places: bytes in the compiler, lines and UTF-16 units in the protocol. The only file that knows both.
//!
//! Never fails: a place outside of the text is moved to the nearest one inside, and never into the middle of a character.

use lsp_types::{Position, Range};
use pipewright_grammar::Span;

/// Where the lines of a text begin.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    starts: Vec<usize>,
    /// The editor's text begins with a byte order mark, which is not part of ours.
    mark: bool,
}

impl Lines {
    /// The lines of a text. They end with `\n`, `\r\n` or `\r`, as the protocol says.
    pub fn new(text: &str, mark: bool) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self { starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect(), mark }
    }

    /// The byte of a position.
    pub fn byte(&self, text: &str, position: Position) -> usize {
        let Some(start) = self.starts.get(position.line as usize).copied() else { return text.len() };
        let end = self.starts.get(position.line as usize + 1).copied().unwrap_or(text.len());
        let line = text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']);
        let shift = u32::from(self.mark && position.line == 0);
        let mut left = position.character.saturating_sub(shift) as usize;
        for (at, character) in line.char_indices() {
            if left < character.len_utf16() {
                return start + at;
            }
            left -= character.len_utf16();
        }
        start + line.len()
    }

    /// The position of a byte.
    pub fn position(&self, text: &str, byte: usize) -> Position {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= byte).max(1) - 1;
        let start = self.starts.get(line).copied().unwrap_or_default();
        let units: usize = text.get(start..byte).unwrap_or_default().chars().map(char::len_utf16).sum();
        let shift = usize::from(self.mark && line == 0);
        Position { line: number(line), character: number(units + shift) }
    }

    /// The range of some bytes.
    pub fn range(&self, text: &str, bytes: std::ops::Range<usize>) -> Range {
        Range { start: self.position(text, bytes.start), end: self.position(text, bytes.end) }
    }

    /// The range of a span of this text.
    pub fn span(&self, text: &str, span: Span) -> Range {
        self.range(text, span.range())
    }
}

fn number(it: usize) -> u32 {
    u32::try_from(it).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TEXT: &str = "a\u{e4}\u{1f600}b\r\nzwei\rdrei\n";

    #[test]
    fn there_and_back_for_every_character() {
        let lines = Lines::new(TEXT, false);
        for (byte, character) in TEXT.char_indices().filter(|(_, it)| *it != '\n' && *it != '\r') {
            assert_eq!(lines.byte(TEXT, lines.position(TEXT, byte)), byte, "{character:?}");
        }
        assert_eq!(lines.position(TEXT, TEXT.find('b').unwrap()), Position::new(0, 4));
        assert_eq!(lines.position(TEXT, TEXT.find('d').unwrap()), Position::new(2, 0));
    }

    #[test]
    fn what_lies_outside_is_moved_inside() {
        let lines = Lines::new(TEXT, false);
        assert_eq!(lines.byte(TEXT, Position::new(0, 99)), TEXT.find('\r').unwrap());
        assert_eq!(lines.byte(TEXT, Position::new(99, 0)), TEXT.len());
        // The second half of a surrogate pair.
        assert_eq!(lines.byte(TEXT, Position::new(0, 3)), TEXT.find('\u{1f600}').unwrap());
        assert_eq!(lines.position(TEXT, 2), Position::new(0, 1));
    }

    #[test]
    fn a_byte_order_mark_shifts_the_first_line() {
        let lines = Lines::new("ab\ncd", true);
        assert_eq!(lines.byte("ab\ncd", Position::new(0, 2)), 1);
        assert_eq!(lines.position("ab\ncd", 1), Position::new(0, 2));
        assert_eq!(lines.position("ab\ncd", 4), Position::new(1, 1));
    }
}
