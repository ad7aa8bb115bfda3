//! `date_part("part", x[, "zone"])`: a part of a date or time.

use pipewright_plan::{Base, Expr, Type};

use super::civil::{self, DAY};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::{civil_from_days, days_from_civil};
use crate::typing::TypeProblem;
use jiff::tz::TimeZone;

/// `date_part("part", x[, "zone"])`
pub static FUNCTION: Function = Function {
    name: "date_part",
    group: Group::Time,
    doc: "A part of a date, instant or civil time as an integer: `year`, `quarter`, `month`, `day`, `hour`, `minute`, `second`, `dow` (0 is Sunday), `isodow` (1 is Monday), `doy` (from 1), `week` (ISO 8601). Of an instant in the zone, by default UTC.",
    params: &[Param::required("part"), Param::required("x"), Param::optional("zone")],

    typing,
    compile,
    examples: &[
        Example::new("date_part(\"year\", @2026-05-17)", "2026"),
        Example::new("date_part(\"hour\", @2026-05-17T23:30:00Z, \"Europe/Paris\")", "1"),
        Example::new("date_part(\"week\", @2027-01-01)", "53"),
        Example::new("date_part(\"dow\", @2026-05-17)", "0"),
        Example::new("date_part(\"doy\", @2026-02-01)", "32"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::temporal(args, 1)?;
    rules::word(args, 0, "a part of time", &PARTS)?;
    rules::zone(args, 2)?;
    Ok(rules::result(args.get(1..2).unwrap_or_default(), Base::Int64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let name = call.literal_text(0)?;
    let Some(part) = PARTS.iter().copied().find(|part| name.as_deref() == Some(*part)) else {
        return Err(call.error("no part"));
    };
    let zone = match call.literal_text(2)? {
        Some(name) => civil::time_zone(&name).ok_or_else(|| call.error("no such zone"))?,
        None => TimeZone::UTC,
    };
    let base = call.base(1);
    let x = call.int(1)?;
    Ok(Typed::of_int(move |row| {
        let x = x(row)?;
        Some(of(
            part,
            match base {
                Base::Date => x.saturating_mul(DAY),
                Base::Timestamp if zone != TimeZone::UTC => x + civil::offset(&zone, x),
                _ => x,
            },
        ))
    }))
}

const PARTS: [&str; 11] =
    ["year", "quarter", "month", "day", "hour", "minute", "second", "dow", "isodow", "doy", "week"];

/// That part of a civil time.
fn of(part: &str, local: i64) -> i64 {
    let days = local.div_euclid(DAY) as i32;
    let seconds = local.rem_euclid(DAY) / 1_000_000;
    let (year, month, day) = civil_from_days(days);
    match part {
        "year" => i64::from(year),
        "quarter" => i64::from((month - 1) / 3 + 1),
        "month" => i64::from(month),
        "day" => i64::from(day),
        "hour" => seconds / 3600,
        "minute" => seconds / 60 % 60,
        "second" => seconds % 60,
        // 1970-01-01 was a Thursday.
        "dow" => i64::from((days + 4).rem_euclid(7)),
        "isodow" => i64::from((days + 3).rem_euclid(7) + 1),
        "doy" => i64::from(days - days_from_civil(year, 1, 1) + 1),
        _ => {
            // The week of its Thursday.
            let thursday = days - (days + 3).rem_euclid(7) + 3;
            let (year, _, _) = civil_from_days(thursday);
            i64::from((thursday - days_from_civil(year, 1, 1)) / 7 + 1)
        }
    }
}
