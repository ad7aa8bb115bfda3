//! Positions in text, counted in characters (code points).

/// The characters from `from` (0 is the first) up to `to`, as far as there are any.
pub fn slice(text: &str, from: usize, to: usize) -> &str {
    if text.is_ascii() {
        let end = to.min(text.len());
        return text.get(from.min(end)..end).unwrap_or_default();
    }
    let start = byte(text, from);
    let rest = text.get(start..).unwrap_or_default();
    rest.get(..byte(rest, to.saturating_sub(from))).unwrap_or_default()
}

/// The byte at which that character starts; the end if there is none.
pub fn byte(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// The largest text that padding and repeating make: beyond it the record is bad, not the memory full.
pub const LARGEST: usize = 16 * 1024 * 1024;
