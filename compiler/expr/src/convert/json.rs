//! Text as a JSON string.

use super::Out;

/// Writes the text in quotes, escaping what JSON demands and nothing else.
pub fn write_json_string(text: &str, out: &mut impl Out) {
    out.put(b"\"");
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => b"",
            _ => continue,
        };
        out.put(bytes.get(plain..at).unwrap_or_default());
        plain = at + 1;
        if escape.is_empty() {
            let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
            out.put(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        } else {
            out.put(escape);
        }
    }
    out.put(bytes.get(plain..).unwrap_or_default());
    out.put(b"\"");
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip(text: String) {
            let mut out = Vec::new();
            write_json_string(&text, &mut out);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
