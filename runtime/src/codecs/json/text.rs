//! JSON strings: where one ends, and what its escapes stand for.
//!
//! Knows no values and no schema. Invariant: [`string_end`] accepts what RFC 8259 accepts and lone surrogates not, so
//! [`unescape`] of an accepted string gives valid UTF-8.

use wide::u8x16;

use super::problem::{Malformed, What};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Eight bytes at a time: the high bit of a byte is set if it ends a plain stretch (quote, backslash, control character).
/// Only the lowest set bit is exact, which is the one that counts.
#[inline(always)]
fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (control | quote | backslash) & HIGHS
}

/// Sixteen bytes at a time: bit n is set if byte n ends a plain stretch.
#[inline(always)]
fn special16(chunk: [u8; 16]) -> u32 {
    let bytes = u8x16::new(chunk);
    let quote = bytes.simd_eq(u8x16::splat(b'"'));
    let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
    // No unsigned "less" in SSE2, but a maximum.
    let last_control = u8x16::splat(0x1f);
    let control = bytes.max(last_control).simd_eq(last_control);
    (quote | backslash | control).to_bitmask()
}

/// The first byte from `at` on that is a quote, a backslash or a control character; the end if there is none.
#[inline(always)]
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let found = special16(*chunk);
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += 16;
    }
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let found = special(u64::from_le_bytes(*chunk));
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            return at;
        }
        at += 1;
    }
    at
}

/// From behind the opening quote: where the closing quote stands, and whether there are escapes on the way.
#[inline(always)]
pub(super) fn string_end(bytes: &[u8], at: usize) -> Result<(usize, bool), Malformed> {
    let end = plain_end(bytes, at);
    if bytes.get(end) == Some(&b'"') { Ok((end, false)) } else { escaped_end(bytes, end).map(|end| (end, true)) }
}

/// As [`string_end`], from the first byte that is not plain.
fn escaped_end(bytes: &[u8], mut at: usize) -> Result<usize, Malformed> {
    loop {
        at = plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at = escape(bytes, at)?.1,
            Some(_) => return Err(Malformed::at(at, What::ControlCharacter)),
            None => return Err(Malformed::at(at, What::StringEnd)),
        }
    }
}

/// The character of the escape whose backslash stands at `at`, and where the text goes on.
fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), Malformed> {
    let wrong = Malformed::at(at, What::Escape);
    let plain = |c: char| Ok((c, at + 2));
    match bytes.get(at + 1) {
        Some(b'"') => plain('"'),
        Some(b'\\') => plain('\\'),
        Some(b'/') => plain('/'),
        Some(b'b') => plain('\u{8}'),
        Some(b'f') => plain('\u{c}'),
        Some(b'n') => plain('\n'),
        Some(b'r') => plain('\r'),
        Some(b't') => plain('\t'),
        Some(b'u') => {
            let first = hex4(bytes, at + 2).ok_or(wrong)?;
            if let Some(c) = char::from_u32(first) {
                return Ok((c, at + 6));
            }
            // Half of a pair: the other half must follow.
            let lone = Malformed::at(at, What::LoneSurrogate);
            if first >= 0xDC00 || bytes.get(at + 6..at + 8) != Some(b"\\u") {
                return Err(lone);
            }
            let second = hex4(bytes, at + 8).ok_or(Malformed::at(at + 6, What::Escape))?;
            if !(0xDC00..0xE000).contains(&second) {
                return Err(lone);
            }
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            char::from_u32(code).map(|c| (c, at + 12)).ok_or(lone)
        }
        _ => Err(wrong),
    }
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.iter().try_fold(0, |sum, &digit| Some(sum * 16 + (digit as char).to_digit(16)?))
}

/// Where the pieces of an unescaped string go.
pub(super) trait TextSink {
    /// A plain stretch.
    fn text(&mut self, text: &str);
    /// An escaped character.
    fn character(&mut self, c: char);
}

impl TextSink for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }

    fn character(&mut self, c: char) {
        self.push(c);
    }
}

impl TextSink for bumpalo::collections::String<'_> {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }

    fn character(&mut self, c: char) {
        self.push(c);
    }
}

/// Resolves the escapes of a string that [`string_end`] accepted (without its quotes).
pub(super) fn unescape(text: &str, out: &mut impl TextSink) -> Result<(), Malformed> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(offset) = bytes.get(from..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        let at = from + offset;
        out.text(text.get(from..at).unwrap_or_default());
        let (c, next) = escape(bytes, at)?;
        out.character(c);
        from = next;
    }
    out.text(text.get(from..).unwrap_or_default());
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(bytes: &[u8]) -> usize {
        bytes.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(bytes.len())
    }

    #[test]
    fn every_byte_in_every_lane() {
        for byte in 0..=255u8 {
            for around in [b'a', 0x1f, 0x20, 0x7f, 0x80, 0xa2, 0xff, b'#', b']'] {
                for lane in 0..24 {
                    // Sixteen at once, then eight at once; and eight at once alone.
                    let mut word = [b'a'; 24];
                    word[lane] = byte;
                    if lane > 0 {
                        word[lane - 1] = around;
                    }
                    assert_eq!(plain_end(&word, 0), plain(&word), "{word:?}");
                    assert_eq!(plain_end(&word[..8], 0), plain(&word[..8]), "{word:?}");
                }
            }
        }
    }

    #[test]
    fn surrogates_come_in_pairs() {
        let read = |text: &str| {
            let mut out = String::new();
            string_end(format!("{text}\"").as_bytes(), 0)?;
            unescape(text, &mut out).map(|()| out)
        };
        assert_eq!(read(r"\ud83d\ude00!").unwrap(), "😀!");
        assert_eq!(read(r"\u0000\/\b").unwrap(), "\0/\u{8}");
        for lone in [r"\ud83d", r"\ude00", r"\ud83dx", r"\ud83d\n", r"\ud83d\ud83d", r"\ude00\ud83d"] {
            assert_eq!(read(lone).unwrap_err().what, What::LoneSurrogate, "{lone}");
        }
        for wrong in [r"\x", r"\u12", r"\u00g0", r"\ud83d\u", r"\U0041"] {
            assert_eq!(read(wrong).unwrap_err().what, What::Escape, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn the_plain_stretch_is_found(bytes in proptest::collection::vec(any::<u8>(), 0..40), from in 0usize..8) {
            let from = from.min(bytes.len());
            prop_assert_eq!(plain_end(&bytes, from), from + plain(&bytes[from..]));
        }

        #[test]
        fn what_is_written_is_read(text in any::<String>()) {
            let mut written = Vec::new();
            pipewright_expr::convert::write_json_string(&text, &mut written);
            prop_assert_eq!(serde_json::from_slice::<String>(&written).unwrap(), text.clone());
            let (end, _) = string_end(&written, 1).unwrap();
            prop_assert_eq!(end, written.len() - 1);
            let mut read = String::new();
            unescape(std::str::from_utf8(&written[1..end]).unwrap(), &mut read).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
