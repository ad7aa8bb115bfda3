//! `duration`: `1h30m` as in programs, `PT1H30M` as in ISO 8601. A day is 24 hours; months have no length.

use super::{ConvertError, Out, write_int};

/// The units of the language, longest first, in microseconds.
const UNITS: [(&str, i64); 6] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// Reads either form, with an optional sign; gives microseconds.
pub fn read_duration(text: &[u8]) -> Result<i64, ConvertError> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let micros = match rest {
        [b'P', rest @ ..] => iso(rest)?,
        b"0" => 0,
        _ => units(rest)?,
    };
    Ok(if negative { -micros } else { micros })
}

fn number(text: &[u8]) -> Result<(i64, &[u8]), ConvertError> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(count).ok_or(ConvertError::Malformed)?;
    Ok((super::read_int(digits)?, rest))
}

fn add(total: i64, value: i64, unit: i64) -> Result<i64, ConvertError> {
    value.checked_mul(unit).and_then(|micros| total.checked_add(micros)).ok_or(ConvertError::OutOfRange)
}

fn units(mut text: &[u8]) -> Result<i64, ConvertError> {
    let mut total = 0;
    loop {
        let (value, rest) = number(text)?;
        let letters = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (unit, rest) = rest.split_at_checked(letters).ok_or(ConvertError::Malformed)?;
        let (_, micros) = UNITS.iter().find(|(name, _)| name.as_bytes() == unit).ok_or(ConvertError::Malformed)?;
        total = add(total, value, *micros)?;
        if rest.is_empty() {
            return Ok(total);
        }
        text = rest;
    }
}

/// The part after `P`: weeks, days, hours, minutes, seconds with a fraction.
fn iso(mut text: &[u8]) -> Result<i64, ConvertError> {
    let mut total = 0;
    let mut time = false;
    let mut last = 5;
    if text.is_empty() || text == b"T" {
        return Err(ConvertError::Malformed);
    }
    while !text.is_empty() {
        if let ([b'T', rest @ ..], false) = (text, time) {
            time = true;
            text = rest;
            if text.is_empty() {
                return Err(ConvertError::Malformed);
            }
            continue;
        }
        let (value, rest) = number(text)?;
        let (rank, unit, mut rest) = match (rest, time) {
            ([b'W', rest @ ..], false) => (4, 604_800_000_000, rest),
            ([b'D', rest @ ..], false) => (3, 86_400_000_000, rest),
            ([b'H', rest @ ..], true) => (2, 3_600_000_000, rest),
            ([b'M', rest @ ..], true) => (1, 60_000_000, rest),
            ([b'S', rest @ ..], true) => (0, 1_000_000, rest),
            ([b'.' | b',', rest @ ..], true) => (0, 1_000_000, rest),
            _ => return Err(ConvertError::Malformed),
        };
        if rank >= last {
            return Err(ConvertError::Malformed);
        }
        last = rank;
        total = add(total, value, unit)?;
        let consumed = text.len() - rest.len();
        if matches!(text.get(consumed - 1), Some(b'.' | b',')) {
            let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (digits, after) = rest.split_at_checked(count).ok_or(ConvertError::Malformed)?;
            if digits.is_empty() || after != b"S" {
                return Err(ConvertError::Malformed);
            }
            if digits.iter().skip(6).any(|byte| *byte != b'0') {
                return Err(ConvertError::Inexact);
            }
            let micros =
                (0..6).fold(0, |value, at| value * 10 + digits.get(at).map_or(0, |byte| i64::from(byte - b'0')));
            total = add(total, micros, 1)?;
            rest = &[];
        }
        text = rest;
    }
    Ok(total)
}

/// Writes the form of programs, longest unit first: `1d2h`, `-1h30m`, `0s`.
pub fn write_duration(micros: i64, out: &mut impl Out) {
    if micros == 0 {
        return out.put(b"0s");
    }
    if micros < 0 {
        out.put(b"-");
    }
    let mut rest = micros.unsigned_abs();
    for (name, unit) in UNITS {
        let value = rest / unit.unsigned_abs();
        if value > 0 {
            write_int(value as i64, out);
            out.put(name.as_bytes());
            rest %= unit.unsigned_abs();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        use ConvertError::{Inexact, Malformed, OutOfRange};
        for (text, result) in [
            ("1h30m", Ok(5_400_000_000)),
            ("250ms", Ok(250_000)),
            ("-1d", Ok(-86_400_000_000)),
            ("0", Ok(0)),
            ("PT1H30M", Ok(5_400_000_000)),
            ("P1DT0.5S", Ok(86_400_500_000)),
            ("P2W", Ok(1_209_600_000_000)),
            ("PT0.1234567S", Err(Inexact)),
            ("P1M", Err(Malformed)),
            ("PT", Err(Malformed)),
            ("P", Err(Malformed)),
            ("P1DT", Err(Malformed)),
            ("PT1M1H", Err(Malformed)),
            ("PT1.5M", Err(Malformed)),
            ("5", Err(Malformed)),
            ("h", Err(Malformed)),
            ("1h ", Err(Malformed)),
            ("", Err(Malformed)),
            ("99999999999d", Err(OutOfRange)),
        ] {
            assert_eq!(read_duration(text.as_bytes()), result, "{text}");
        }
        let mut out = Vec::new();
        write_duration(-90_061_001_002, &mut out);
        assert_eq!(out, b"-1d1h1m1s1ms2us");
    }

    proptest! {
        #[test]
        fn round_trip(micros in -i64::MAX..=i64::MAX) {
            let mut out = Vec::new();
            write_duration(micros, &mut out);
            prop_assert_eq!(read_duration(&out), Ok(micros));
        }

        #[test]
        fn never_panics(text: Vec<u8>) {
            let _ = read_duration(&text);
        }
    }
}
