//! `@2026-01-01T10:00:00Z`: points in time as written.
//!
//! With a zone it is a `timestamp`, without one a `local_timestamp`; a day alone is a `date`, a time alone a `time`.

use jiff::civil::{Date, Time};
use pipewright_grammar::Span;
use pipewright_plan::{Base, Expr, ExprKind, Literal};

use super::Checker;
use super::literals::BadNumber;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// 0001-01-01 and 9999-12-31, in days since 1970-01-01.
const DAYS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;

impl Checker<'_, '_> {
    pub(super) fn instant(&mut self, text: &str, span: Span) -> Expr {
        match instant(text) {
            Ok((value, base)) => self.typed(ExprKind::Literal(Literal::Int(value)), base.required(), span),
            Err(message) => {
                let help = Some("written like `@2026-01-31T10:00:00Z`, `@2026-01-31` or `@10:00`".into());
                self.bad_literal(BadNumber { message, help }, span)
            }
        }
    }
}

/// Reads the text after `@`.
fn instant(text: &str) -> Result<(i64, Base), String> {
    let Some((day, clock)) = text.split_once(['T', 't', ' ']) else {
        return if text.contains(':') { Ok((time(text)?, Base::Time)) } else { Ok((date(text)?, Base::Date)) };
    };
    let midnight = date(day)? * MICROS_PER_DAY;
    let zone_at = clock.find(['Z', 'z', '+', '-']);
    let (clock, zone) = zone_at.and_then(|at| clock.split_at_checked(at)).unwrap_or((clock, ""));
    let local = midnight + time(clock)?;
    if zone.is_empty() {
        return Ok((local, Base::LocalTimestamp));
    }
    let utc = local - offset(zone)?;
    if DAYS.contains(&utc.div_euclid(MICROS_PER_DAY)) {
        Ok((utc, Base::Timestamp))
    } else {
        Err(format!("`@{text}` is not between the years 0001 and 9999"))
    }
}

/// Days since 1970-01-01.
fn date(text: &str) -> Result<i64, String> {
    let bad = || format!("there is no day `{text}`");
    let parts: Vec<i16> = text.split('-').map(str::parse).collect::<Result<_, _>>().map_err(|_| bad())?;
    let &[year, month, day] = parts.as_slice() else { return Err(bad()) };
    if year < 1 {
        return Err(bad());
    }
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return Err(bad()) };
    let date = Date::new(year, month, day).map_err(|_| bad())?;
    let epoch = Date::constant(1970, 1, 1);
    let days = epoch.until(date).map_err(|_| bad())?.get_days();
    Ok(i64::from(days))
}

/// Microseconds since midnight.
fn time(text: &str) -> Result<i64, String> {
    let bad = || format!("there is no time of day `{text}`");
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let parts: Vec<i8> = clock.split(':').map(str::parse).collect::<Result<_, _>>().map_err(|_| bad())?;
    let (hour, minute, second) = match *parts.as_slice() {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return Err(bad()),
    };
    let time = Time::new(hour, minute, second, 0).map_err(|_| bad())?;
    let digits = fraction.trim_end_matches('0');
    if digits.len() > 6 {
        return Err(format!("`{text}` is finer than a microsecond"));
    }
    let micros: i64 = if digits.is_empty() { 0 } else { format!("{digits:0<6}").parse().map_err(|_| bad())? };
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    Ok(seconds * MICROS_PER_SECOND + micros)
}

/// `Z`, `+02:00`, `-05:30`, in microseconds east of UTC.
fn offset(text: &str) -> Result<i64, String> {
    let bad = || format!("there is no zone `{text}`");
    if text.eq_ignore_ascii_case("z") {
        return Ok(0);
    }
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(bad()),
    };
    let (hours, minutes) = rest.split_once(':').ok_or_else(bad)?;
    match (hours.parse::<i64>(), minutes.parse::<i64>()) {
        (Ok(hours @ 0..=18), Ok(minutes @ 0..=59)) => Ok(sign * (hours * 60 + minutes) * 60 * MICROS_PER_SECOND),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn reads_points_in_time() {
        for (text, expected) in [
            ("1970-01-02T00:00:00Z", "86400000000 timestamp"),
            ("1970-01-01T02:00:00+02:00", "0 timestamp"),
            ("1969-12-31T23:59:59.999999Z", "-1 timestamp"),
            ("2026-01-01T10:00", "1767261600000000 local_timestamp"),
            ("2026-01-01", "20454 date"),
            ("0001-01-01", "-719162 date"),
            ("9999-12-31", "2932896 date"),
            ("10:00", "36000000000 time"),
            ("23:59:59.5", "86399500000 time"),
            ("2026-02-30", "there is no day `2026-02-30`"),
            ("0000-01-01", "there is no day `0000-01-01`"),
            ("2026-13-01T00:00:00Z", "there is no day `2026-13-01`"),
            ("24:00", "there is no time of day `24:00`"),
            ("10:00:00.1234567", "`10:00:00.1234567` is finer than a microsecond"),
            ("2026-01-01T00:00:00+25:00", "there is no zone `+25:00`"),
            ("0001-01-01T00:00:00+01:00", "`@0001-01-01T00:00:00+01:00` is not between the years 0001 and 9999"),
        ] {
            let shown = match instant(text) {
                Ok((value, base)) => format!("{value} {base}"),
                Err(message) => message,
            };
            assert_eq!(shown, expected, "{text}");
        }
    }
}
