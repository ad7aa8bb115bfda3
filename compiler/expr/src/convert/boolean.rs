//! `bool`: `true`, `false`, and what databases and spreadsheets write for them, in any case.

use super::{ConvertError, Out};

/// Reads `true t yes y on 1` and `false f no n off 0`.
pub fn read_bool(text: &[u8]) -> Result<bool, ConvertError> {
    match text {
        b"true" | b"1" => return Ok(true),
        b"false" | b"0" => return Ok(false),
        _ => {}
    }
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    if is(&["true", "t", "yes", "y", "on"]) {
        Ok(true)
    } else if is(&["false", "f", "no", "n", "off"]) {
        Ok(false)
    } else {
        Err(ConvertError::Malformed)
    }
}

/// Writes `true` or `false`.
pub fn write_bool(value: bool, out: &mut impl Out) {
    out.put(if value { b"true" } else { b"false" });
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_usual_words() {
        for (text, value) in [("true", true), ("TRUE", true), ("Yes", true), ("1", true), ("f", false), ("Off", false)]
        {
            assert_eq!(read_bool(text.as_bytes()), Ok(value));
        }
        for text in ["", "2", "wahr", " true"] {
            assert_eq!(read_bool(text.as_bytes()), Err(ConvertError::Malformed));
        }
    }
}
