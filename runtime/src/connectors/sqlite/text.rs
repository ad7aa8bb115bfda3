//! How values that SQLite does not know are written as text: decimals, dates, times, UUIDs. Canonical: equal values are equal
//! text, and dates and times compare as text as they do in time.

const DAY_US: i64 = 86_400_000_000;

/// `-12.50` of -1250 at scale 2.
pub(crate) fn decimal(out: &mut Vec<u8>, unscaled: i128, scale: u8) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(unscaled.unsigned_abs()).as_bytes();
    let scale = usize::from(scale);
    if unscaled < 0 {
        out.push(b'-');
    }
    let zeros = (scale + 1).saturating_sub(digits.len());
    let whole = (digits.len() + zeros) - scale;
    for index in 0..digits.len() + zeros {
        if index == whole {
            out.push(b'.');
        }
        let digit = index.checked_sub(zeros).and_then(|it| digits.get(it));
        out.push(digit.copied().unwrap_or(b'0'));
    }
}

/// `2026-01-31` of days since 1970.
pub(crate) fn date(out: &mut Vec<u8>, days: i64) {
    // Howard Hinnant's civil_from_days.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    if year < 0 {
        out.push(b'-');
    }
    padded(out, year.unsigned_abs(), 4);
    out.push(b'-');
    padded(out, month.unsigned_abs(), 2);
    out.push(b'-');
    padded(out, day.unsigned_abs(), 2);
}

/// `10:00:00.000000` of microseconds.
pub(crate) fn time(out: &mut Vec<u8>, us: i64) {
    let seconds = us / 1_000_000;
    padded(out, (seconds / 3_600).unsigned_abs(), 2);
    out.push(b':');
    padded(out, (seconds / 60 % 60).unsigned_abs(), 2);
    out.push(b':');
    padded(out, (seconds % 60).unsigned_abs(), 2);
    out.push(b'.');
    padded(out, (us % 1_000_000).unsigned_abs(), 6);
}

/// `2026-01-31T10:00:00.000000` of microseconds since 1970.
pub(crate) fn date_time(out: &mut Vec<u8>, us: i64) {
    date(out, us.div_euclid(DAY_US));
    out.push(b'T');
    time(out, us.rem_euclid(DAY_US));
}

/// `01234567-89ab-…` of 16 bytes.
pub(crate) fn uuid(out: &mut Vec<u8>, bytes: [u8; 16]) {
    let mut buffer = [0; 36];
    out.extend_from_slice(uuid::Uuid::from_bytes(bytes).hyphenated().encode_lower(&mut buffer).as_bytes());
}

fn padded(out: &mut Vec<u8>, number: u64, width: usize) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number);
    out.extend(std::iter::repeat_n(b'0', width.saturating_sub(digits.len())));
    out.extend_from_slice(digits.as_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn decimals_keep_their_scale() {
        for (unscaled, scale, expected) in [
            (1250, 2, "12.50"),
            (-5, 2, "-0.05"),
            (0, 3, "0.000"),
            (7, 0, "7"),
            (i128::from(i64::MAX) * 10, 1, "9223372036854775807.0"),
            (10_i128.pow(38) - 1, 38, "0.99999999999999999999999999999999999999"),
        ] {
            assert_eq!(text(|out| decimal(out, unscaled, scale)), expected);
        }
    }

    #[test]
    fn times_are_iso() {
        assert_eq!(text(|out| date_time(out, 0)), "1970-01-01T00:00:00.000000");
        assert_eq!(text(|out| date_time(out, -1)), "1969-12-31T23:59:59.999999");
        assert_eq!(text(|out| date_time(out, 1_782_993_600_000_001)), "2026-07-02T12:00:00.000001");
        assert_eq!(text(|out| date(out, 11_016)), "2000-02-29");
        assert_eq!(text(|out| date(out, -719_162)), "0001-01-01");
        assert_eq!(text(|out| date(out, 2_932_896)), "9999-12-31");
    }
}
