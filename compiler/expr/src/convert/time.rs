//! `time`: `10:00`, `10:00:00`, `10:00:00.123456`.

use super::timestamp::Finer;
use super::{ConvertError, Out, put_two, two};

/// Reads a time of day; gives microseconds since midnight.
pub fn read_time(text: &[u8]) -> Result<i64, ConvertError> {
    match time_at_start(text, Finer::Refuse)? {
        (micros, []) => Ok(micros),
        _ => Err(ConvertError::Malformed),
    }
}

/// Reads the time at the start; gives the rest, too.
pub(super) fn time_at_start(text: &[u8], finer: Finer) -> Result<(i64, &[u8]), ConvertError> {
    let (hour, minute) = (two(text, 0)?, two(text, 3)?);
    if text.get(2) != Some(&b':') {
        return Err(ConvertError::Malformed);
    }
    if hour > 23 || minute > 59 {
        return Err(ConvertError::OutOfRange);
    }
    let minutes = i64::from(hour * 60 + minute) * 60_000_000;
    if text.get(5) != Some(&b':') {
        return Ok((minutes, text.get(5..).unwrap_or_default()));
    }
    let second = two(text, 6)?;
    if second > 59 {
        return Err(ConvertError::OutOfRange);
    }
    let micros = minutes + i64::from(second) * 1_000_000;
    let rest = text.get(8..).unwrap_or_default();
    let Some((b'.' | b',', fraction)) = rest.split_first() else {
        return Ok((micros, rest));
    };
    let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = fraction.split_at_checked(count).ok_or(ConvertError::Malformed)?;
    if digits.is_empty() {
        return Err(ConvertError::Malformed);
    }
    let mut value = 0i64;
    for place in 0..6 {
        value = value * 10 + digits.get(place).map_or(0, |byte| i64::from(byte - b'0'));
    }
    if finer == Finer::Refuse && digits.iter().skip(6).any(|byte| *byte != b'0') {
        return Err(ConvertError::Inexact);
    }
    Ok((micros + value, rest))
}

/// Writes `10:00:00`, with as many digits of the second as there are.
pub fn write_time(micros: i64, out: &mut impl Out) {
    let seconds = (micros / 1_000_000) as u32;
    put_two(out, seconds / 3600);
    out.put(b":");
    put_two(out, seconds / 60 % 60);
    out.put(b":");
    put_two(out, seconds % 60);
    fraction(micros % 1_000_000, out);
}

/// Writes `.5`, `.123456`, or nothing for zero.
pub(super) fn fraction(micros: i64, out: &mut impl Out) {
    if micros == 0 {
        return;
    }
    let mut digits = [b'.', 0, 0, 0, 0, 0, 0];
    let mut rest = micros;
    for digit in digits.iter_mut().skip(1).rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    out.put(digits.get(..7 - zeros).unwrap_or_default());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        assert_eq!(read_time(b"10:00"), Ok(36_000_000_000));
        assert_eq!(read_time(b"00:00:01.5"), Ok(1_500_000));
        assert_eq!(read_time(b"00:00:00.1234560"), Ok(123_456));
        assert_eq!(read_time(b"00:00:00.1234567"), Err(ConvertError::Inexact));
        assert_eq!(read_time(b"24:00:00"), Err(ConvertError::OutOfRange));
        assert_eq!(read_time(b"23:59:60"), Err(ConvertError::OutOfRange));
        for text in ["", "1:00", "10:0", "10:00:00.", "10:00:00Z", "10-00"] {
            assert_eq!(read_time(text.as_bytes()), Err(ConvertError::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(micros in 0..86_400_000_000i64) {
            let mut out = Vec::new();
            write_time(micros, &mut out);
            prop_assert_eq!(read_time(&out), Ok(micros));
        }
    }
}
