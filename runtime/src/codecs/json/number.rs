//! JSON numbers: where one ends. Their values are read by the conversions of the expression package.

use super::problem::{Malformed, What};

/// Where the number that starts at `at` ends, and whether it is written without fraction and exponent.
#[inline(always)]
pub(super) fn number_end(bytes: &[u8], at: usize) -> Result<(usize, bool), Malformed> {
    let mut end = at;
    if bytes.get(end) == Some(&b'-') {
        end += 1;
    }
    match bytes.get(end) {
        Some(b'0') => end += 1,
        Some(b'1'..=b'9') => end = digits(bytes, end + 1),
        _ => return Err(Malformed::at(end, What::Number)),
    }
    match bytes.get(end) {
        Some(b'.' | b'e' | b'E') => fraction_end(bytes, end).map(|end| (end, false)),
        // `01` is no number; the caller would see it as text behind one, this says it better.
        Some(b'0'..=b'9') => Err(Malformed::at(end, What::Number)),
        _ => Ok((end, true)),
    }
}

fn fraction_end(bytes: &[u8], mut at: usize) -> Result<usize, Malformed> {
    let some_digits = |from: usize| {
        let end = digits(bytes, from);
        if end > from { Ok(end) } else { Err(Malformed::at(end, What::Number)) }
    };
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = some_digits(at)?;
    }
    Ok(at)
}

#[inline(always)]
fn digits(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}
