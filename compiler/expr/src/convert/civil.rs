//! The proleptic Gregorian calendar, as days since 1970-01-01.

/// Microseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000;
/// 0001-01-01T00:00:00Z.
pub const MIN_INSTANT: i64 = -719_162 * DAY;
/// 9999-12-31T23:59:59.999999Z.
pub const MAX_INSTANT: i64 = 2_932_897 * DAY - 1;

/// Days since 1970-01-01. Month and day must be valid.
pub fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    // Years start in March, so that a leap day is the last day of its year; 400 years have 146,097 days.
    let year = year - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year as i32;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01.
pub fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    let year = (year_of_era + era * 400) as i32 + i32::from(month <= 2);
    (year, month, day)
}

/// The days of a month.
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds() {
        assert_eq!(i64::from(days_from_civil(1, 1, 1)) * DAY, MIN_INSTANT);
        assert_eq!((i64::from(days_from_civil(9999, 12, 31)) + 1) * DAY - 1, MAX_INSTANT);
        assert_eq!(days_from_civil(1970, 1, 1), 0);
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(days in -719_162..2_932_897i32) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
            let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            prop_assert_eq!((i32::from(date.year()), date.month() as u32, date.day() as u32), (year, month, day));
            prop_assert_eq!(days_in_month(year, month), date.days_in_month() as u32);
        }
    }
}
