//! `timestamp` (an instant, always with a zone) and `local_timestamp` (civil time, never with one), in ISO 8601.

use super::civil::DAY;
use super::date::date_at_start;
use super::time::{fraction, time_at_start};
use super::{ConvertError, MAX_INSTANT, MIN_INSTANT, Out, put_two, two, write_date};

/// What to do with digits below a microsecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finer {
    /// They make the value bad, unless they are zero.
    #[default]
    Refuse,
    /// They are cut off, as a format option asks for.
    Truncate,
}

/// Reads `2026-01-01T10:00:00Z`, `2026-01-01 10:00:00.123456+02:00`; gives microseconds since 1970 in UTC.
pub fn read_timestamp(text: &[u8], finer: Finer) -> Result<i64, ConvertError> {
    let (local, zone) = civil(text, finer)?;
    let offset = match zone {
        [b'Z' | b'z'] => 0,
        [] => return Err(ConvertError::NoZone),
        [sign @ (b'+' | b'-'), digits @ ..] => {
            let seconds = offset(digits)?;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return Err(ConvertError::Malformed),
    };
    let instant = local - offset * 1_000_000;
    if (MIN_INSTANT..=MAX_INSTANT).contains(&instant) { Ok(instant) } else { Err(ConvertError::OutOfRange) }
}

/// Reads `2010-12-01 08:26:00` or with a `T`; gives microseconds since 1970-01-01T00:00:00 of the same clock.
pub fn read_local_timestamp(text: &[u8], finer: Finer) -> Result<i64, ConvertError> {
    match civil(text, finer)? {
        (local, []) => Ok(local),
        (_, [b'Z' | b'z' | b'+' | b'-', ..]) => Err(ConvertError::Zone),
        _ => Err(ConvertError::Malformed),
    }
}

fn civil(text: &[u8], finer: Finer) -> Result<(i64, &[u8]), ConvertError> {
    if !matches!(text.get(10), Some(b'T' | b' ' | b't')) {
        return Err(ConvertError::Malformed);
    }
    let days = date_at_start(text)?;
    let (micros, rest) = time_at_start(text.get(11..).unwrap_or_default(), finer)?;
    Ok((i64::from(days) * DAY + micros, rest))
}

/// Seconds of `02`, `0200`, `02:00`.
fn offset(digits: &[u8]) -> Result<i64, ConvertError> {
    let hours = two(digits, 0)?;
    let minutes = match digits.len() {
        2 => 0,
        4 => two(digits, 2)?,
        5 if digits.get(2) == Some(&b':') => two(digits, 3)?,
        _ => return Err(ConvertError::Malformed),
    };
    if hours > 23 || minutes > 59 {
        return Err(ConvertError::OutOfRange);
    }
    Ok(i64::from(hours * 3600 + minutes * 60))
}

/// Writes `2026-01-01T10:00:00.123456Z`, with as many digits of the second as there are.
pub fn write_timestamp(micros: i64, out: &mut impl Out) {
    write_local_timestamp(micros, out);
    out.put(b"Z");
}

/// Writes `2026-01-01T10:00:00`, with as many digits of the second as there are.
pub fn write_local_timestamp(micros: i64, out: &mut impl Out) {
    write_date(micros.div_euclid(DAY) as i32, out);
    let time = micros.rem_euclid(DAY);
    let seconds = (time / 1_000_000) as u32;
    out.put(b"T");
    put_two(out, seconds / 3600);
    out.put(b":");
    put_two(out, seconds / 60 % 60);
    out.put(b":");
    put_two(out, seconds % 60);
    fraction(time % 1_000_000, out);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        use ConvertError::{Inexact, Malformed, NoZone, OutOfRange, Zone};
        for (text, result) in [
            ("1970-01-01T00:00:00Z", Ok(0)),
            ("1970-01-01 00:00:01z", Ok(1_000_000)),
            ("1970-01-01T02:00:00+02:00", Ok(0)),
            ("1970-01-01T02:00+0200", Ok(0)),
            ("1969-12-31T19:00:00.000001-05", Ok(1)),
            ("0001-01-01T00:00:00Z", Ok(MIN_INSTANT)),
            ("9999-12-31T23:59:59.999999Z", Ok(MAX_INSTANT)),
            ("0001-01-01T00:00:00+01:00", Err(OutOfRange)),
            ("9999-12-31T23:59:59-01:00", Err(OutOfRange)),
            ("2026-01-01T00:00:00.1234567Z", Err(Inexact)),
            ("2026-01-01T00:00:00", Err(NoZone)),
            ("2026-01-01", Err(Malformed)),
            ("2026-01-01T00:00:00X", Err(Malformed)),
            ("2026-01-01T00:00:00+1", Err(Malformed)),
            ("2026-01-01T00:00:00Zx", Err(Malformed)),
            ("2026-13-01T00:00:00Z", Err(OutOfRange)),
        ] {
            assert_eq!(read_timestamp(text.as_bytes(), Finer::Refuse), result, "{text}");
        }
        assert_eq!(read_timestamp(b"1970-01-01T00:00:00.0000019Z", Finer::Truncate), Ok(1));
        assert_eq!(read_local_timestamp(b"2010-12-01 08:26:00", Finer::Refuse), Ok(1_291_191_960_000_000));
        assert_eq!(read_local_timestamp(b"2010-12-01T08:26:00Z", Finer::Refuse), Err(Zone));
        assert_eq!(read_local_timestamp(b"2010-12-01T08:26:00+01", Finer::Refuse), Err(Zone));
        assert_eq!(read_local_timestamp(b"2010-12-01", Finer::Refuse), Err(Malformed));
    }

    proptest! {
        #[test]
        fn round_trip(micros in MIN_INSTANT..=MAX_INSTANT) {
            let mut out = Vec::new();
            write_timestamp(micros, &mut out);
            prop_assert_eq!(read_timestamp(&out, Finer::Refuse), Ok(micros));
            let text = String::from_utf8(out).unwrap();
            // Within a day of the ends jiff, which allows for every offset, has no instants.
            if (MIN_INSTANT + 2 * DAY..MAX_INSTANT - 2 * DAY).contains(&micros) {
                prop_assert_eq!(text.parse::<jiff::Timestamp>().unwrap().as_microsecond(), micros);
            }
            let mut out = Vec::new();
            write_local_timestamp(micros, &mut out);
            prop_assert_eq!(read_local_timestamp(&out, Finer::Refuse), Ok(micros));
        }

        #[test]
        fn never_panics(text: Vec<u8>) {
            let _ = read_timestamp(&text, Finer::Refuse);
            let _ = read_local_timestamp(&text, Finer::Truncate);
        }
    }
}
