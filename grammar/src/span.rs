//! Places in source text: a file's id and a range of bytes.
//!
//! Owns nothing but the numbers; who knows the text turns them into lines and columns.

/// Which file a span lies in. Given out by whoever loads the files, in the order of loading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A range of bytes in one file. Both ends lie on character boundaries, `start <= end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { source, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that holds both; the file of `self` wins.
    pub fn to(self, other: Span) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The smallest span around this one whose ends lie on the boundaries of the characters of `text`.
    pub(crate) fn on_boundaries(self, text: &str) -> Self {
        let mut start = (self.start as usize).min(text.len());
        let mut end = (self.end as usize).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self::new(self.source, start.min(end), end)
    }

    /// The place just after the span.
    pub fn after(self) -> Self {
        Self { start: self.end, ..self }
    }

    /// As a range of bytes.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}
