//! Civil time for the functions: time zones, and cutting instants to units.
//!
//! Zones come from the database that is compiled in, so that a program means the same on every machine.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::convert::{MAX_INSTANT, MIN_INSTANT, civil_from_days, days_from_civil, days_in_month};

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;

/// The zone of that name.
pub fn time_zone(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("UTC") || name == "Z" {
        return Some(TimeZone::UTC);
    }
    TimeZoneDatabase::bundled().get(name).ok()
}

/// How far local time is ahead of UTC at that instant, in microseconds.
pub fn offset(zone: &TimeZone, instant: i64) -> i64 {
    match Timestamp::from_microsecond(instant) {
        Ok(timestamp) => i64::from(zone.to_offset(timestamp).seconds()) * 1_000_000,
        Err(_) => 0,
    }
}

/// Civil time as jiff has it.
pub fn date_time(local: i64) -> DateTime {
    let (year, month, day) = civil_from_days(local.div_euclid(DAY) as i32);
    let time = local.rem_euclid(DAY);
    let seconds = time / 1_000_000;
    // In range by construction; the fallback is never taken.
    DateTime::new(
        year as i16,
        month as i8,
        day as i8,
        (seconds / 3600) as i8,
        (seconds / 60 % 60) as i8,
        (seconds % 60) as i8,
        (time % 1_000_000 * 1000) as i32,
    )
    .unwrap_or(DateTime::ZERO)
}

/// Civil time of jiff in microseconds, rounded down to them.
pub fn from_date_time(value: DateTime) -> i64 {
    let days = days_from_civil(i32::from(value.year()), value.month() as u32, value.day() as u32);
    let seconds = i64::from(value.hour()) * 3600 + i64::from(value.minute()) * 60 + i64::from(value.second());
    i64::from(days) * DAY + seconds * 1_000_000 + i64::from(value.subsec_nanosecond()) / 1000
}

/// The instant of a local time: in an overlap the earlier one, in a gap none.
pub fn instant(zone: &TimeZone, local: i64) -> Option<i64> {
    let offset = match zone.to_ambiguous_timestamp(date_time(local)).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, .. } => before,
        AmbiguousOffset::Gap { .. } => return None,
    };
    local.checked_sub(i64::from(offset.seconds()) * 1_000_000)
}

/// The instant of a local time: in an overlap the earlier one, in a gap the first after it.
pub fn instant_or_after_gap(zone: &TimeZone, local: i64) -> i64 {
    let offset = match zone.to_ambiguous_timestamp(date_time(local)).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => offset,
        AmbiguousOffset::Gap { before, .. } => before,
    };
    local - i64::from(offset.seconds()) * 1_000_000
}

/// Units of time, smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// A second.
    Second,
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// A calendar day.
    Day,
    /// From Monday.
    Week,
    /// A calendar month.
    Month,
    /// Three months.
    Quarter,
    /// A calendar year.
    Year,
}

/// The names of the units, as arguments.
pub const UNITS: [&str; 8] = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
/// The names of the units of dates.
pub const DATE_UNITS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

impl Unit {
    /// The unit of that name.
    pub fn named(name: &str) -> Option<Unit> {
        use Unit::{Day, Hour, Minute, Month, Quarter, Second, Week, Year};
        let position = UNITS.iter().position(|unit| *unit == name)?;
        [Second, Minute, Hour, Day, Week, Month, Quarter, Year].get(position).copied()
    }

    /// Its length in microseconds, if it has one.
    pub fn micros(self) -> Option<i64> {
        Some(match self {
            Unit::Second => 1_000_000,
            Unit::Minute => 60_000_000,
            Unit::Hour => 3_600_000_000,
            Unit::Day => DAY,
            Unit::Week => 7 * DAY,
            Unit::Month | Unit::Quarter | Unit::Year => return None,
        })
    }

    /// Its length in months, if it has one.
    pub fn months(self) -> Option<i64> {
        match self {
            Unit::Month => Some(1),
            Unit::Quarter => Some(3),
            Unit::Year => Some(12),
            _ => None,
        }
    }
}

/// The start of the unit that contains the day.
pub fn truncate_days(unit: Unit, days: i32) -> i32 {
    let (year, month, _) = civil_from_days(days);
    match unit {
        Unit::Week => days - (days + 3).rem_euclid(7),
        Unit::Month => days_from_civil(year, month, 1),
        Unit::Quarter => days_from_civil(year, (month - 1) / 3 * 3 + 1, 1),
        Unit::Year => days_from_civil(year, 1, 1),
        Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => days,
    }
}

/// The start of the unit that contains the local time.
pub fn truncate(unit: Unit, local: i64) -> i64 {
    match unit {
        Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => {
            let length = unit.micros().unwrap_or(1);
            local.div_euclid(length).saturating_mul(length)
        }
        _ => i64::from(truncate_days(unit, local.div_euclid(DAY) as i32)).saturating_mul(DAY),
    }
}

/// So many months later; a day that the month has not becomes its last one. `None` beyond the years 1 to 9999.
pub fn add_months(days: i32, months: i64) -> Option<i32> {
    let (year, month, day) = civil_from_days(days);
    let total = (i64::from(year) * 12 + i64::from(month) - 1).checked_add(months)?;
    let (year, month) = (i32::try_from(total.div_euclid(12)).ok()?, (total.rem_euclid(12) + 1) as u32);
    if !(1..=9999).contains(&year) {
        return None;
    }
    Some(days_from_civil(year, month, day.min(days_in_month(year, month))))
}

/// The instant or local time, if it is one the types hold.
pub fn in_range(micros: i64) -> Option<i64> {
    (MIN_INSTANT..=MAX_INSTANT).contains(&micros).then_some(micros)
}

/// Whole months from one local time to another, towards zero.
pub fn months_between(from: i64, to: i64) -> i64 {
    if to < from {
        return -months_between(to, from);
    }
    let (y1, m1, _) = civil_from_days(from.div_euclid(DAY) as i32);
    let (y2, m2, _) = civil_from_days(to.div_euclid(DAY) as i32);
    let months = (i64::from(y2) - i64::from(y1)) * 12 + i64::from(m2) - i64::from(m1);
    // One less if that many months later is already past the end.
    let later = add_months(from.div_euclid(DAY) as i32, months)
        .map_or(i64::MAX, |days| i64::from(days) * DAY + from.rem_euclid(DAY));
    if later > to { months - 1 } else { months }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gaps_and_overlaps() {
        let paris = time_zone("Europe/Paris").unwrap();
        let local = |text: &str| crate::convert::read_local_timestamp(text.as_bytes(), Default::default()).unwrap();
        let utc = |text: &str| crate::convert::read_timestamp(text.as_bytes(), Default::default()).unwrap();
        assert_eq!(instant(&paris, local("2026-01-01T12:00:00")), Some(utc("2026-01-01T11:00:00Z")));
        assert_eq!(instant(&paris, local("2026-03-29T02:30:00")), None);
        assert_eq!(instant(&paris, local("2026-10-25T02:30:00")), Some(utc("2026-10-25T00:30:00Z")));
        assert_eq!(offset(&paris, utc("2026-07-01T00:00:00Z")), 7_200_000_000);
        assert!(time_zone("Europe/Nowhere").is_none());
    }

    proptest! {
        #[test]
        fn nothing_panics_beyond_the_range(instant: i64, unit in 0usize..8) {
            let paris = time_zone("Europe/Paris").unwrap();
            let unit = Unit::named(UNITS[unit]).unwrap();
            let _ = truncate(unit, instant);
            let _ = offset(&paris, instant);
            let _ = date_time(instant);
            let _ = super::instant(&paris, instant);
        }

        #[test]
        fn civil_time_round_trips(local in MIN_INSTANT..=MAX_INSTANT) {
            prop_assert_eq!(from_date_time(date_time(local)), local);
        }

        #[test]
        fn months_and_their_difference_agree(from in MIN_INSTANT..=MAX_INSTANT, to in MIN_INSTANT..=MAX_INSTANT) {
            let (a, b) = (from.min(to), from.max(to));
            let months = months_between(a, b);
            let at = |months| add_months(a.div_euclid(DAY) as i32, months).map(|d| i64::from(d) * DAY + a.rem_euclid(DAY));
            prop_assert!(at(months).unwrap() <= b);
            prop_assert!(at(months + 1).is_none_or(|later| later > b));
        }
    }
}
