//! The scanner: one pass over a payload, strict JSON everywhere, and the place of each requested value in a slot.
//!
//! Knows no types. Invariants: it accepts what `serde_json` accepts (differential tests below); it allocates nothing;
//! recursion is bounded by [`MOST_LEVELS`]. Equal keys: the last one wins.

use super::number::number_end;
use super::problem::{Malformed, What};
use super::text::{string_end, unescape};
use super::tree::Node;

/// How deep objects and arrays may be nested.
pub(super) const MOST_LEVELS: u8 = 127;

/// What stands in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// The key was not there.
    #[default]
    Missing,
    Null,
    True,
    False,
    /// A number without fraction and exponent.
    Integer,
    Number,
    /// A string without escapes; the slot is the text between the quotes.
    Text,
    /// A string with escapes; the slot is the text between the quotes.
    Escaped,
    Object,
    Array,
}

/// Where a value stands in the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub start: u32,
    pub end: u32,
    pub kind: Kind,
}

impl Slot {
    #[inline(always)]
    fn new(kind: Kind, start: usize, end: usize) -> Self {
        // Payloads of 4 GiB and more are refused before.
        Self { start: start as u32, end: end as u32, kind }
    }

    /// The text of the slot: strings without their quotes.
    #[inline(always)]
    pub fn text<'p>(&self, payload: &'p str) -> &'p str {
        payload.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The text of the slot as it stands in the payload: strings with their quotes.
    pub fn verbatim<'p>(&self, payload: &'p str) -> &'p str {
        let around = usize::from(matches!(self.kind, Kind::Text | Kind::Escaped));
        payload.get((self.start as usize).saturating_sub(around)..self.end as usize + around).unwrap_or_default()
    }
}

/// Skips white space.
#[inline(always)]
pub(super) fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The value that starts at `at`, checked to its end, and where the text goes on.
#[inline(always)]
pub(super) fn value(bytes: &[u8], at: usize, levels: u8) -> Result<(Slot, usize), Malformed> {
    match bytes.get(at) {
        Some(b'"') => {
            let (end, escaped) = string_end(bytes, at + 1)?;
            Ok((Slot::new(if escaped { Kind::Escaped } else { Kind::Text }, at + 1, end), end + 1))
        }
        Some(b'-' | b'0'..=b'9') => {
            let (end, integer) = number_end(bytes, at)?;
            Ok((Slot::new(if integer { Kind::Integer } else { Kind::Number }, at, end), end))
        }
        Some(b'{') => skip_object(bytes, at, levels).map(|end| (Slot::new(Kind::Object, at, end), end)),
        Some(b'[') => skip_array(bytes, at, levels).map(|end| (Slot::new(Kind::Array, at, end), end)),
        Some(b't') => literal(bytes, at, b"true", Kind::True),
        Some(b'f') => literal(bytes, at, b"false", Kind::False),
        Some(b'n') => literal(bytes, at, b"null", Kind::Null),
        _ => Err(Malformed::at(at, What::Value)),
    }
}

#[inline(always)]
fn literal(bytes: &[u8], at: usize, word: &[u8], kind: Kind) -> Result<(Slot, usize), Malformed> {
    let end = at + word.len();
    if bytes.get(at..end) == Some(word) {
        Ok((Slot::new(kind, at, end), end))
    } else {
        Err(Malformed::at(at, What::Literal))
    }
}

/// One level deeper.
#[inline(always)]
fn enter(at: usize, levels: u8) -> Result<u8, Malformed> {
    levels.checked_sub(1).ok_or(Malformed::at(at, What::TooDeep))
}

fn skip_object(bytes: &[u8], at: usize, levels: u8) -> Result<usize, Malformed> {
    let levels = enter(at, levels)?;
    let mut at = space(bytes, at + 1);
    if bytes.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        if bytes.get(at) != Some(&b'"') {
            return Err(Malformed::at(at, What::Key));
        }
        at = colon(bytes, string_end(bytes, at + 1)?.0 + 1)?;
        at = value(bytes, at, levels)?.1;
        match more(bytes, at, b'}', What::ObjectEnd)? {
            (true, next) => at = next,
            (false, end) => return Ok(end),
        }
    }
}

fn skip_array(bytes: &[u8], at: usize, levels: u8) -> Result<usize, Malformed> {
    let levels = enter(at, levels)?;
    let mut at = space(bytes, at + 1);
    if bytes.get(at) == Some(&b']') {
        return Ok(at + 1);
    }
    loop {
        at = value(bytes, at, levels)?.1;
        match more(bytes, at, b']', What::ArrayEnd)? {
            (true, next) => at = next,
            (false, end) => return Ok(end),
        }
    }
}

/// Behind a key: over the colon to its value.
#[inline(always)]
pub(super) fn colon(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    let at = space(bytes, at);
    if bytes.get(at) == Some(&b':') { Ok(space(bytes, at + 1)) } else { Err(Malformed::at(at, What::Colon)) }
}

/// Behind an entry: whether another one comes, and where; or where the object or array has ended.
#[inline(always)]
pub(super) fn more(bytes: &[u8], at: usize, close: u8, wrong: What) -> Result<(bool, usize), Malformed> {
    let at = space(bytes, at);
    match bytes.get(at) {
        Some(b',') => Ok((true, space(bytes, at + 1))),
        Some(&byte) if byte == close => Ok((false, at + 1)),
        _ => Err(Malformed::at(at, wrong)),
    }
}

/// Scans a whole payload. Slots of keys that are not there are [`Kind::Missing`]. Returns the outermost value.
pub(super) fn scan(payload: &str, tree: &Node, slots: &mut [Slot], key: &mut String) -> Result<Slot, Malformed> {
    let bytes = payload.as_bytes();
    slots.fill(Slot::default());
    let start = space(bytes, 0);
    let (outermost, end) = if bytes.get(start) == Some(&b'{') {
        let end = Scan { payload, bytes, slots, key }.object(start, tree, MOST_LEVELS)?;
        (Slot::new(Kind::Object, start, end), end)
    } else {
        value(bytes, start, MOST_LEVELS)?
    };
    let end = space(bytes, end);
    if end == bytes.len() { Ok(outermost) } else { Err(Malformed::at(end, What::End)) }
}

struct Scan<'s> {
    payload: &'s str,
    bytes: &'s [u8],
    slots: &'s mut [Slot],
    /// Holds a key that has escapes.
    key: &'s mut String,
}

impl Scan<'_> {
    /// An object with requested keys.
    fn object(&mut self, at: usize, node: &Node, levels: u8) -> Result<usize, Malformed> {
        let bytes = self.bytes;
        let levels = enter(at, levels)?;
        let mut at = space(bytes, at + 1);
        if bytes.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        // Writers keep their keys in one order: the key after the last one is tried first, without looking for its end.
        let mut expected = 0;
        loop {
            if bytes.get(at) != Some(&b'"') {
                return Err(Malformed::at(at, What::Key));
            }
            let guess = node.children.get(expected).filter(|child| child.stands_at(bytes, at + 1));
            let (found, end) = match guess {
                Some(child) => (Some(expected), at + 1 + child.key.len()),
                None => self.key_at(at, node)?,
            };
            at = colon(bytes, end + 1)?;
            let child = found.and_then(|found| node.children.get(found));
            if let (Some(found), Some(child)) = (found, child) {
                expected = found + 1;
                if child.end > child.slot + 1
                    && let Some(below) = self.slots.get_mut(child.slot..child.end)
                {
                    below.fill(Slot::default());
                }
            }
            let start = at;
            let slot = match child.and_then(|child| child.below.as_deref()) {
                Some(below) if bytes.get(at) == Some(&b'{') => {
                    at = self.object(at, below, levels)?;
                    Slot::new(Kind::Object, start, at)
                }
                _ => {
                    let (slot, end) = value(bytes, at, levels)?;
                    at = end;
                    slot
                }
            };
            if let Some(place) = child.and_then(|child| self.slots.get_mut(child.slot)) {
                *place = slot;
            }
            match more(bytes, at, b'}', What::ObjectEnd)? {
                (true, next) => at = next,
                (false, end) => return Ok(end),
            }
        }
    }

    /// The key whose quote stands at `at`: which one it is, and where its closing quote stands.
    #[inline]
    fn key_at(&mut self, at: usize, node: &Node) -> Result<(Option<usize>, usize), Malformed> {
        let (end, escaped) = string_end(self.bytes, at + 1)?;
        if escaped {
            self.key.clear();
            unescape(self.payload.get(at + 1..end).unwrap_or_default(), self.key)?;
            Ok((node.find(self.key.as_bytes()), end))
        } else {
            Ok((node.find_at(self.bytes, at + 1, end), end))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::codecs::json::samples;

    fn paths() -> Vec<Vec<String>> {
        let path = |text: &str| text.split('.').map(str::to_string).collect();
        ["a", "b", "b.a", "b.c.d", "c", "d\n\"", "é", "e", "f", "fifteen-letters", "sixteen-letters-"]
            .iter()
            .map(|it| path(it))
            .collect()
    }

    /// What the scanner finds, with the last resort of a value parser for its text.
    fn found(payload: &str) -> Result<Vec<Option<Value>>, Malformed> {
        let paths = paths();
        let (tree, count) = Node::compile(paths.iter().map(Vec::as_slice));
        let mut slots = vec![Slot::default(); count];
        scan(payload, &tree, &mut slots, &mut String::new())?;
        Ok(paths
            .iter()
            .map(|path| slots[tree.slot(path).unwrap()])
            .map(|slot| match slot.kind {
                Kind::Missing => None,
                _ => Some(serde_json::from_str(slot.verbatim(payload)).unwrap()),
            })
            .collect())
    }

    fn expected(payload: &str) -> Result<Vec<Option<Value>>, serde_json::Error> {
        let value: Value = serde_json::from_str(payload)?;
        Ok(paths().iter().map(|path| path.iter().try_fold(&value, |at, key| at.get(key)).cloned()).collect())
    }

    fn agree(payload: &str) {
        match (found(payload), expected(payload)) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{payload}"),
            (Err(_), Err(_)) => {}
            (found, expected) => panic!("{payload:?}\nscanner: {found:?}\nserde_json: {expected:?}"),
        }
    }

    #[test]
    fn golden() {
        for payload in [
            r#"{"a":1,"b":{"a":2,"c":{"d":[1,2,{"x":null}]}},"c":"t"}"#,
            r#" { "c" : true , "\u0061" : "x\n" , "b" : 3 } "#,
            r#"{"b":{"a":1,"c":{"d":1}},"b":{"c":{}}}"#,
            r#"{"b":{"a":1},"b":7}"#,
            r#"{"d\n\"":1,"\u00e9":2}"#,
            "{\"d\n\"\":1}",
            r#"{"fifteen-letters":1,"sixteen-letters-":2,"sixteen-letters-x":3,"fifteen-letter":4}"#,
            r#"{"sixteen-letters-":1,"fifteen-letters":2}"#,
            r#"{"sixteen-letters-"}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":-}"#,
            r#"{"a":1e}"#,
            r#"{"a":.5}"#,
            r#"{"a":+1}"#,
            r#"{"a":1}x"#,
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{"a" 1}"#,
            r#"{"a":tru}"#,
            r#"{"a":nullx}"#,
            r#"{"z":"\ud800"}"#,
            "{\"z\":\"\u{1}\"}",
            r#"{"z":'a'}"#,
            "",
            "   ",
            "[1,2]",
            "null",
            "\u{feff}{}",
            "{} {}",
        ] {
            agree(payload);
        }
    }

    #[test]
    fn depth_is_bounded_like_serde_json() {
        for levels in [126, 127, 128, 100_000] {
            agree(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
            agree(&format!("{}1{}", r#"{"b":"#.repeat(levels), "}".repeat(levels)));
            agree(&format!("{}1{}", r#"{"x":"#.repeat(levels), "}".repeat(levels)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn random_json_gives_what_serde_json_gives(payload in samples::object()) {
            agree(&payload);
        }

        #[test]
        fn damaged_json_is_judged_as_serde_json_does((payload, at, byte, kind) in samples::damage()) {
            let mut bytes = payload.into_bytes();
            let at = if bytes.is_empty() { 0 } else { at % bytes.len() };
            match kind {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, byte),
                2 if !bytes.is_empty() => { bytes.remove(at); }
                _ if !bytes.is_empty() => bytes[at] = byte,
                _ => {}
            }
            if let Ok(text) = std::str::from_utf8(&bytes) {
                agree(text);
            } else {
                prop_assert!(serde_json::from_slice::<Value>(&bytes).is_err());
            }
        }
    }
}
