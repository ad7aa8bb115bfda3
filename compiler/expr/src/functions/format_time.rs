//! `format_time(x, "format"[, "zone"])`: a date or time as text.

use pipewright_plan::{Base, Expr, Type};

use super::civil::{self, DAY};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::shown;
use crate::typing::TypeProblem;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// `format_time(x, "format"[, "zone"])`
pub static FUNCTION: Function = Function {
    name: "format_time",
    group: Group::Time,
    doc: "A date, instant or civil time as text, by a format of `strftime` (`%Y-%m-%d %H:%M`). Instants are shown in the zone, by default UTC.",
    params: &[Param::required("x"), Param::required("format"), Param::optional("zone")],

    typing,
    compile,
    examples: &[
        Example::new("format_time(@2026-05-17T10:05:03Z, \"%d/%b/%Y:%H:%M:%S %z\")", "\"17/May/2026:10:05:03 +0000\""),
        Example::new(
            "format_time(@2026-05-17T23:30:00Z, \"%Y-%m-%d %H:%M\", \"Europe/Paris\")",
            "\"2026-05-18 01:30\"",
        ),
        Example::new("format_time(@2026-05-17, \"%A\")", "\"Sunday\""),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::temporal(args, 0)?;
    rules::zone(args, 2)?;
    if let Some(format) = rules::literal_text(args, 1, "the format")? {
        let mut text = String::new();
        if let Err(error) = parts(0, &TimeZone::UTC, true).format(format, &mut text) {
            return Err(TypeProblem::new("bad-argument", format!("the format `{}` is broken: {error}", shown(format)))
                .at(1)
                .help("directives are those of strftime: `%Y-%m-%d %H:%M:%S`"));
        }
    }
    Ok(rules::result(args.get(..1).unwrap_or_default(), Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let Some(format) = call.literal_text(1)? else { return Err(call.error("no format")) };
    let zone = match call.literal_text(2)? {
        Some(name) => civil::time_zone(&name).ok_or_else(|| call.error("no such zone"))?,
        None => TimeZone::UTC,
    };
    let base = call.base(0);
    let x = call.int(0)?;
    Ok(Typed::of_text(move |row| {
        let x = x(row)?;
        let parts = match base {
            Base::Timestamp => parts(x, &zone, true),
            Base::Date => parts(x.saturating_mul(DAY), &zone, false),
            _ => parts(x, &zone, false),
        };
        let mut out = row.string(32);
        match parts.format(&format, jiff::fmt::StdFmtWrite(&mut out)) {
            Ok(()) => Some(out.into_bump_str()),
            Err(error) => {
                row.fail("bad-argument", origin, || format!("the time cannot be written as `{format}`: {error}"))
            }
        }
    }))
}

/// What the directives are filled from: an instant in its zone, or civil time.
fn parts(x: i64, zone: &TimeZone, instant: bool) -> BrokenDownTime {
    if instant && let Ok(timestamp) = jiff::Timestamp::from_microsecond(x) {
        return BrokenDownTime::from(&timestamp.to_zoned(zone.clone()));
    }
    BrokenDownTime::from(civil::date_time(x))
}
