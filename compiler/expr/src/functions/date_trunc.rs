//! `date_trunc("unit", x[, "zone"])`: the start of an hour, day, month.

use pipewright_plan::{Base, Expr, Type};

use super::civil::{self, Unit};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use jiff::tz::TimeZone;

/// `date_trunc("unit", x[, "zone"])`
pub static FUNCTION: Function = Function {
    name: "date_trunc",
    group: Group::Time,
    doc: "The start of the `second`, `minute`, `hour`, `day`, `week` (from Monday), `month`, `quarter` or `year` that contains the instant, civil time or date. Days of an instant are those of the zone, by default UTC.",
    params: &[Param::required("unit"), Param::required("x"), Param::optional("zone")],

    typing,
    compile,
    examples: &[
        Example::new("date_trunc(\"hour\", @2026-05-17T10:05:03Z)", "@2026-05-17T10:00:00Z"),
        Example::new("date_trunc(\"week\", @2026-05-17)", "@2026-05-11"),
        Example::new("date_trunc(\"day\", @2026-05-17T23:30:00Z, \"Europe/Paris\")", "@2026-05-17T22:00:00Z"),
        Example::new("date_trunc(\"month\", @2026-05-17T10:05:03)", "@2026-05-01T00:00:00"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::temporal(args, 1)?;
    let date = args.get(1).is_some_and(|arg| arg.ty.base == Base::Date);
    rules::word(args, 0, "a unit of time", if date { &civil::DATE_UNITS } else { &civil::UNITS })?;
    rules::zone(args, 2)?;
    let base = args.get(1).map_or(Base::Null, |arg| arg.ty.base.clone());
    Ok(rules::result(args.get(1..2).unwrap_or_default(), base))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let Some(unit) = call.literal_text(0)?.and_then(|name| Unit::named(&name)) else {
        return Err(call.error("no unit"));
    };
    let zone = match call.literal_text(2)? {
        Some(name) => civil::time_zone(&name).ok_or_else(|| call.error("no such zone"))?,
        None => TimeZone::UTC,
    };
    let base = call.base(1);
    let x = call.int(1)?;
    Ok(match base {
        Base::Date => Typed::of_int(move |row| Some(i64::from(civil::truncate_days(unit, x(row)? as i32)))),
        Base::Timestamp if zone != TimeZone::UTC => Typed::of_int(move |row| {
            let x = x(row)?;
            let offset = civil::offset(&zone, x);
            let local = civil::truncate(unit, x + offset);
            // Within an hour the offset is the same; a longer unit may start before the clocks were changed.
            Some(if unit <= Unit::Hour { local - offset } else { civil::instant_or_after_gap(&zone, local) })
        }),
        _ => Typed::of_int(move |row| Some(civil::truncate(unit, x(row)?))),
    })
}
