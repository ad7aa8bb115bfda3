//! What the beginning of a file says of how its records stand in it: read as one object a line, an array or an object over
//! several lines would become bad records only, and the file would count as read.
//!
//! Knows only what cannot be mistaken: a first line that is just a damaged record is none of it.

use super::values::{Damage, Step, value};

/// How records stand in a file that was to hold one JSON object a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The elements of one array.
    Array,
    /// Objects over several lines.
    Values,
}

/// The shape of a file that begins like this. `whole`: that is all of it.
pub(super) fn shape_of(text: &[u8], whole: bool) -> Option<Shape> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let (line, rest) = match memchr::memchr(b'\n', text) {
        Some(end) => (text.get(..end)?, text.get(end + 1..)?.trim_ascii_start()),
        None if whole => (text, &[][..]),
        None => return None,
    };
    let open = matches!(value(line, 0, true), Step::Broken(0, Damage::OpenValue));
    match (line.first()?, rest.first()) {
        // Another value behind it: that was a line that should have been an object.
        (b'[', Some(_)) if !open => None,
        (b'[', None) if !whole => None,
        (b'[', _) => Some(Shape::Array),
        // The next line goes on with the object; were it a record of its own, the first would only be cut off.
        (b'{', Some(b'"' | b'}' | b']' | b',' | b':')) if open => Some(Shape::Values),
        (b'{', Some(b'{')) if open && line.trim_ascii_end().ends_with(b"[") => Some(Shape::Values),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_tells() {
        for (text, shape) in [
            ("[\n  {\"a\": 1},\n", Some(Shape::Array)),
            ("\u{feff}\n[{\"a\": 1},\n{\"a\": 2}]\n", Some(Shape::Array)),
            ("[{\"a\": 1}]\n", Some(Shape::Array)),
            ("[{\"a\": 1}]\n{\"a\": 2}\n", None),
            ("{\n  \"a\": 1\n}\n", Some(Shape::Values)),
            ("{\"a\": [\n{\"b\": 1}]}", Some(Shape::Values)),
            ("{\"a\": 1,\n{\"a\": 2}\n", None),
            ("{\"a\": \"x\n{\"a\": 2}\n", None),
            ("{\"a\": 1}\n{\"a\": 2}\n", None),
            ("a,b\n1,2\n", None),
            ("", None),
        ] {
            assert_eq!(shape_of(text.as_bytes(), true), shape, "{text}");
        }
        assert_eq!(shape_of(b"[{\"a\": 1}", false), None);
        assert_eq!(shape_of(b"[{\"a\": 1}]\n", false), None);
    }
}
