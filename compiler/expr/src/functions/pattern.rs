//! Format patterns in the manner of `strftime`, checked when they are written and read per record.

use jiff::fmt::strtime::BrokenDownTime;
use pipewright_plan::Expr;

use super::{civil, rules};
use crate::convert::shown;
use crate::typing::TypeProblem;

/// What a pattern must contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A day.
    Date,
    /// A day and a time.
    Civil,
    /// A day, a time and an offset from UTC.
    Instant,
}

/// Why a text does not give what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It does not look like the pattern, or is no day of the calendar.
    Mismatch,
    /// It is beyond the years 1 to 9999.
    OutOfRange,
    /// It has digits below a microsecond.
    Finer,
}

impl Problem {
    /// The reason for the user.
    pub fn reason(self, text: &str, format: &str) -> String {
        let text = shown(text);
        match self {
            Problem::Mismatch => format!("`{text}` does not match the format `{format}`"),
            Problem::OutOfRange => format!("`{text}` is out of the range of a timestamp"),
            Problem::Finer => format!("`{text}` has digits below a microsecond"),
        }
    }
}

/// A sample that every directive can be written with.
fn sample() -> Option<BrokenDownTime> {
    let zoned = civil::date_time(1_767_225_600_123_456).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(BrokenDownTime::from(&zoned))
}

/// Checks the pattern of that argument: it can be written, read back, and gives what is wanted.
pub fn check(args: &[Expr], argument: usize, wanted: Wanted) -> Result<(), TypeProblem> {
    let Some(format) = rules::literal_text(args, argument, "the format")? else { return Ok(()) };
    let broken = |reason: String| TypeProblem::new("bad-argument", reason).at(argument);
    let mut text = String::new();
    let written = sample().map(|sample| sample.format(format, &mut text));
    if let Some(Err(error)) = written {
        return Err(broken(format!("the format `{}` is broken: {error}", shown(format)))
            .help("directives are those of strftime: `%Y-%m-%d %H:%M:%S`"));
    }
    if wanted == Wanted::Instant && !has_offset(format) {
        return Err(broken(format!("the format `{}` has no time zone, which a timestamp needs", shown(format)))
            .help("add `%z`, or write `at_zone(local_timestamp(x, \"…\"), \"Europe/Paris\")`"));
    }
    match read(format, &text, wanted) {
        Ok(_) | Err(Problem::Finer) => Ok(()),
        Err(_) => {
            let needs = match wanted {
                Wanted::Date => "a year, a month and a day",
                Wanted::Civil | Wanted::Instant => "a date and a time",
            };
            Err(broken(format!("the format `{}` does not give {needs}", shown(format)))
                .help("for example `%Y-%m-%d %H:%M:%S`"))
        }
    }
}

/// `%z`, `%:z`, `%Q`, `%s`.
fn has_offset(format: &str) -> bool {
    let mut bytes = format.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let directive = bytes.find(|byte| !matches!(byte, b':' | b'-' | b'_' | b'0'..=b'9' | b'^' | b'#'));
            if matches!(directive, Some(b'z' | b'Q' | b's')) {
                return true;
            }
        }
    }
    false
}

/// Reads a text by a pattern; gives microseconds, of the day for a date.
pub fn read(format: &str, text: &str, wanted: Wanted) -> Result<i64, Problem> {
    let parsed = BrokenDownTime::parse(format, text).map_err(|_| Problem::Mismatch)?;
    if parsed.subsec_nanosecond().is_some_and(|nanos| nanos % 1000 != 0) {
        return Err(Problem::Finer);
    }
    let micros = match wanted {
        Wanted::Date => {
            let date = parsed.to_date().map_err(|_| Problem::Mismatch)?;
            civil::from_date_time(date.to_datetime(jiff::civil::Time::midnight()))
        }
        Wanted::Civil => civil::from_date_time(parsed.to_datetime().map_err(|_| Problem::Mismatch)?),
        Wanted::Instant => parsed.to_timestamp().map_err(|_| Problem::Mismatch)?.as_microsecond(),
    };
    civil::in_range(micros).ok_or(Problem::OutOfRange)
}
