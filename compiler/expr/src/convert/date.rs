//! `date`: `2026-01-31`.

use super::{ConvertError, Out, civil_from_days, days_from_civil, days_in_month, put_two, two};

/// Reads year, month and day; gives days since 1970-01-01.
pub fn read_date(text: &[u8]) -> Result<i32, ConvertError> {
    if text.len() != 10 { Err(ConvertError::Malformed) } else { date_at_start(text) }
}

/// Reads the ten characters at the start.
pub(super) fn date_at_start(text: &[u8]) -> Result<i32, ConvertError> {
    if text.get(4) != Some(&b'-') || text.get(7) != Some(&b'-') {
        return Err(ConvertError::Malformed);
    }
    let year = (two(text, 0)? * 100 + two(text, 2)?) as i32;
    let (month, day) = (two(text, 5)?, two(text, 8)?);
    if year == 0 || month == 0 || month > 12 || day == 0 || day > days_in_month(year, month) {
        return Err(ConvertError::OutOfRange);
    }
    Ok(days_from_civil(year, month, day))
}

/// Writes `2026-01-31`.
pub fn write_date(days: i32, out: &mut impl Out) {
    let (year, month, day) = civil_from_days(days);
    let year = year.unsigned_abs();
    put_two(out, year / 100);
    put_two(out, year % 100);
    out.put(b"-");
    put_two(out, month);
    out.put(b"-");
    put_two(out, day);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        assert_eq!(read_date(b"1970-01-02"), Ok(1));
        assert_eq!(read_date(b"2024-02-29"), Ok(19_782));
        assert_eq!(read_date(b"2023-02-29"), Err(ConvertError::OutOfRange));
        assert_eq!(read_date(b"0000-01-01"), Err(ConvertError::OutOfRange));
        for text in ["2026-1-1", "2026/01/01", "26-01-01", "2026-01-01T", "2026-01-0x", ""] {
            assert_eq!(read_date(text.as_bytes()), Err(ConvertError::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(days in -719_162..2_932_897i32) {
            let mut out = Vec::new();
            write_date(days, &mut out);
            prop_assert_eq!(read_date(&out), Ok(days));
        }
    }
}
