//! Finding elements and members in JSON text that is known to be valid; white space is allowed.
//!
//! What is not valid gives a wrong answer or none, never a panic.

use bumpalo::Bump;

/// The first place from `at` on that is no white space.
fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// One past the string that starts at `at`.
fn skip_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            None => return bytes.len(),
            Some(found) if rest.get(found) == Some(&b'"') => return at + found + 1,
            Some(found) => at += found + 2,
        }
    }
}

/// One past the value that starts at `at`.
fn skip_value(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => skip_string(bytes, at),
        Some(b'{' | b'[') => {
            let mut depth = 0usize;
            let mut at = at;
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = skip_string(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            bytes.len()
        }
        _ => {
            let rest = bytes.get(at..).unwrap_or_default();
            let end = rest.iter().position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t'));
            at + end.unwrap_or(rest.len())
        }
    }
}

/// The elements of a list, as they are written.
pub struct Elements<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Elements<'a> {
    /// Of that list; of anything else none.
    pub fn new(text: &'a str) -> Self {
        let start = skip_space(text.as_bytes(), 0);
        let at = if text.as_bytes().get(start) == Some(&b'[') { start + 1 } else { text.len() };
        Self { text, at }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let mut start = skip_space(bytes, self.at);
        if bytes.get(start) == Some(&b',') {
            start = skip_space(bytes, start + 1);
        }
        if matches!(bytes.get(start), None | Some(b']')) {
            return None;
        }
        self.at = skip_value(bytes, start);
        self.text.get(start..self.at).filter(|text| !text.is_empty())
    }
}

/// The members of a record or map: the key in its quotes, the value, both as they are written.
pub struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Members<'a> {
    /// Of that record or map; of anything else none.
    pub fn new(text: &'a str) -> Self {
        let start = skip_space(text.as_bytes(), 0);
        let at = if text.as_bytes().get(start) == Some(&b'{') { start + 1 } else { text.len() };
        Self { text, at }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let bytes = self.text.as_bytes();
        let mut start = skip_space(bytes, self.at);
        if bytes.get(start) == Some(&b',') {
            start = skip_space(bytes, start + 1);
        }
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        let key_end = skip_string(bytes, start);
        let colon = skip_space(bytes, key_end);
        let value = skip_space(bytes, colon + 1);
        self.at = skip_value(bytes, value);
        Some((self.text.get(start..key_end)?, self.text.get(value..self.at).filter(|text| !text.is_empty())?))
    }
}

/// The element at that position, from 0.
pub fn element(text: &str, position: usize) -> Option<&str> {
    Elements::new(text).nth(position)
}

/// The value of that key; of several the first.
pub fn member<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    Members::new(text).find(|(raw, _)| is_key(raw, key)).map(|(_, value)| value)
}

/// True if the quoted text is that key.
pub(super) fn is_key(raw: &str, key: &str) -> bool {
    if raw.as_bytes().contains(&b'\\') {
        return serde_json::from_str::<String>(raw).is_ok_and(|text| text == key);
    }
    raw.len() == key.len() + 2 && raw.get(1..raw.len() - 1) == Some(key)
}

/// True for `null`.
pub fn is_null(raw: &str) -> bool {
    raw == "null"
}

/// The text of a JSON string; in the arena if it has escapes. `None` if it is no string.
pub fn unquote<'b>(raw: &'b str, arena: &'b Bump) -> Option<&'b str> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(inner);
    }
    let text: String = serde_json::from_str(raw).ok()?;
    Some(arena.alloc_str(&text))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_parts() {
        let text = r#" { "a" : [1, {"x": "]"}, "}\""], "b\u0063": null , "c":{} } "#;
        assert_eq!(member(text, "a"), Some(r#"[1, {"x": "]"}, "}\""]"#));
        assert_eq!(member(text, "bc"), Some("null"));
        assert_eq!(member(text, "c"), Some("{}"));
        assert_eq!(member(text, "d"), None);
        let list = member(text, "a").unwrap();
        assert_eq!(Elements::new(list).collect::<Vec<_>>(), ["1", r#"{"x": "]"}"#, r#""}\"""#]);
        assert_eq!(element("[]", 0), None);
        assert_eq!(element("5", 0), None);
    }

    proptest! {
        #[test]
        fn never_panics(text: String, key: String) {
            let _ = Elements::new(&text).take(100).count();
            let _ = Members::new(&text).take(100).count();
            let _ = member(&text, &key);
        }

        #[test]
        fn finds_what_serde_wrote(map in proptest::collection::btree_map(".*", ".*", 0..6)) {
            let text = serde_json::to_string(&map).unwrap();
            let arena = Bump::new();
            for (key, value) in &map {
                let raw = member(&text, key).unwrap();
                prop_assert_eq!(unquote(raw, &arena), Some(value.as_str()));
            }
            prop_assert_eq!(Members::new(&text).count(), map.len());
        }
    }
}
