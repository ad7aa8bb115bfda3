//! Where JSON values begin and end in a text that is not one value a line: the elements of one array, or values one after
//! the other.
//!
//! Only brackets and quotes are looked at: what is between them is the decoder's, so a value that is not JSON inside its
//! brackets costs itself. Where brackets or quotes do not match nobody knows where the next value begins: that is an error,
//! never a guess.

/// What stands at a place of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A value from its first byte to one past its last. `ended`: it is not just where the text ends for now.
    Value { from: usize, to: usize, ended: bool },
    /// More must be read to know.
    More,
    /// Only blanks, up to here, where the text ends.
    End(usize),
    /// It cannot be read on. The byte where it shows or where the open value begins, and why.
    Broken(usize, Damage),
}

/// Why a text cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// The text does not begin with `[`.
    NoArray,
    /// The array has no `]`.
    OpenArray,
    /// The value that begins there does not end.
    OpenValue,
    /// A string holds a line end: a quote is missing.
    OpenString,
    /// A bracket closes what another one opened, or nothing.
    Bracket,
    /// Neither `,` nor `]` stands behind an element.
    NoComma,
    /// A comma, but no element behind it.
    NoElement,
    /// Something stands behind the `]` of the array.
    Behind,
}

impl Damage {
    /// For people, about a value or a place at a line.
    pub fn words(self) -> &'static str {
        match self {
            Damage::NoArray => "is not a JSON array: it does not begin with `[`",
            Damage::OpenArray => "is cut off: its array does not end",
            Damage::OpenValue => "does not end",
            Damage::OpenString => "has a string that is not closed on its line",
            Damage::Bracket => "has a bracket that closes another one",
            Damage::NoComma => "has neither `,` nor `]` before it",
            Damage::NoElement => "should stand behind the comma, and there is none",
            Damage::Behind => "stands behind the end of the array",
        }
    }
}

/// The next value of a sequence.
pub(super) fn value(bytes: &[u8], at: usize, last: bool) -> Step {
    let from = blank(bytes, at);
    if from >= bytes.len() {
        return if last { Step::End(from) } else { Step::More };
    }
    one(bytes, from, last)
}

/// The next element of the array that the text is. `begun`: its `[` was read.
pub(super) fn element(bytes: &[u8], at: usize, begun: bool, last: bool) -> Step {
    let end = |at| if last { Step::Broken(at, Damage::OpenArray) } else { Step::More };
    let next = blank(bytes, at);
    let Some(byte) = bytes.get(next) else {
        // A file without anything has no elements.
        return if last && !begun { Step::End(next) } else { end(next) };
    };
    let from = match (begun, byte) {
        (false, b'[') | (true, b',') => blank(bytes, next + 1),
        (true, b']') => return behind(bytes, next + 1, last),
        (true, _) => return Step::Broken(next, Damage::NoComma),
        (false, _) => return Step::Broken(next, Damage::NoArray),
    };
    match bytes.get(from) {
        None => end(from),
        Some(b']') if !begun => behind(bytes, from + 1, last),
        Some(b']' | b',') => Step::Broken(next, Damage::NoElement),
        Some(_) => match one(bytes, from, last) {
            Step::Value { from, ended: false, .. } => Step::Broken(from, Damage::OpenArray),
            step => step,
        },
    }
}

fn behind(bytes: &[u8], at: usize, last: bool) -> Step {
    let end = blank(bytes, at);
    match bytes.get(end) {
        Some(_) => Step::Broken(end, Damage::Behind),
        None if last => Step::End(end),
        None => Step::More,
    }
}

fn blank(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// The value that begins at `from`.
fn one(bytes: &[u8], from: usize, last: bool) -> Step {
    let open = || if last { Step::Broken(from, Damage::OpenValue) } else { Step::More };
    // One bit a level: is it an object? Deeper ones the decoder refuses anyway.
    let (mut objects, mut depth) = (0u128, 0u32);
    let mut at = from;
    loop {
        let Some(byte) = bytes.get(at) else { return open() };
        match byte {
            b'"' => match string_end(bytes, at + 1) {
                Ok(Some(end)) => at = end,
                Ok(None) => return open(),
                Err(()) => return Step::Broken(from, Damage::OpenString),
            },
            b'{' | b'[' if depth == u128::BITS => return Step::Broken(from, Damage::OpenValue),
            b'{' | b'[' => {
                objects = objects << 1 | u128::from(*byte == b'{');
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                if depth == 0 || (objects & 1 == 1) != (*byte == b'}') {
                    return Step::Broken(from, Damage::Bracket);
                }
                objects >>= 1;
                depth -= 1;
                at += 1;
            }
            _ if depth == 0 => return bare(bytes, from, last),
            _ => at += 1,
        }
        if depth == 0 {
            return Step::Value { from, to: at, ended: true };
        }
    }
}

/// A number, a word or what else stands where a value should be: up to what can only be behind it.
fn bare(bytes: &[u8], from: usize, last: bool) -> Step {
    let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'"' | b' ' | b'\n' | b'\r' | b'\t');
    match bytes.get(from..).and_then(|rest| rest.iter().position(ends)) {
        // A lone comma or bracket is a value that nobody can read.
        Some(length) => Step::Value { from, to: from + length.max(1), ended: true },
        None if last => Step::Value { from, to: bytes.len(), ended: false },
        None => Step::More,
    }
}

/// One past the closing quote; `None`: it is not there. Error: a line ends first.
fn string_end(bytes: &[u8], mut at: usize) -> Result<Option<usize>, ()> {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(length) = memchr::memchr3(b'"', b'\\', b'\n', rest) else { return Ok(None) };
        at += length;
        match bytes.get(at) {
            Some(b'"') => return Ok(Some(at + 1)),
            Some(b'\\') => at += 2,
            _ => return Err(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    /// The values of a text that comes in pieces, and what ended it.
    fn cut(text: &str, array: bool) -> (Vec<&str>, Step) {
        let bytes = text.as_bytes();
        let (mut at, mut values) = (0, vec![]);
        loop {
            let step = |bytes: &[u8], last| match array {
                true => element(bytes, at, !values.is_empty(), last),
                false => value(bytes, at, last),
            };
            let whole = step(bytes, true);
            // However much has come: it says the same, or that it does not know yet.
            for known in at..bytes.len() {
                let part = step(&bytes[..known], false);
                assert!(part == Step::More || part == whole, "{text:?} up to {known}: {part:?}, then {whole:?}");
            }
            match whole {
                Step::Value { from, to, .. } => {
                    values.push(&text[from..to]);
                    at = to;
                }
                end => return (values, end),
            }
        }
    }

    #[test]
    fn elements_of_an_array() {
        let text = "[ {\"a\": [1, {\"b\": \"]}\\\"\"}]},\n 2 ,\"x,\" , [], nul ]\n";
        let values = vec!["{\"a\": [1, {\"b\": \"]}\\\"\"}]}", "2", "\"x,\"", "[]", "nul"];
        assert_eq!(cut(text, true), (values, Step::End(text.len())));
        assert_eq!(cut(" [ ] ", true), (vec![], Step::End(5)));
        assert_eq!(cut(" \n", true), (vec![], Step::End(2)));
        assert_eq!(cut("[{'a': 1,}, {}]", true).0, ["{'a': 1,}", "{}"]);
        for (text, good, at, damage) in [
            ("{\"a\": 1}", 0, 0, Damage::NoArray),
            ("[1, 2", 1, 4, Damage::OpenArray),
            ("[1,", 1, 3, Damage::OpenArray),
            ("[{\"a\": 1, {\"b\": 2}]", 0, 1, Damage::Bracket),
            ("[{\"a\": \"x}, \n{\"b\": \"y\"}]", 0, 1, Damage::OpenString),
            ("[{\"a\": 1", 0, 1, Damage::OpenValue),
            ("[{} {}]", 1, 4, Damage::NoComma),
            ("[{}, , {}]", 1, 3, Damage::NoElement),
            ("[{}, ]", 1, 3, Damage::NoElement),
            ("[{}] {}", 1, 5, Damage::Behind),
        ] {
            let (values, end) = cut(text, true);
            assert_eq!((values.len(), end), (good, Step::Broken(at, damage)), "{text}");
        }
    }

    #[test]
    fn values_one_after_the_other() {
        let text = "{\n  \"a\": 1\n}\n{\"a\":\n2}{\"a\": 3} 4 , x\n\n";
        let values = vec!["{\n  \"a\": 1\n}", "{\"a\":\n2}", "{\"a\": 3}", "4", ",", "x"];
        assert_eq!(cut(text, false), (values, Step::End(text.len())));
        assert_eq!(cut("{\"a\": 1}\n{\"a\": 2", false).1, Step::Broken(9, Damage::OpenValue));
        assert_eq!(cut("{\"a\": 1}\n}", false).1, Step::Broken(9, Damage::Bracket));
    }
}
