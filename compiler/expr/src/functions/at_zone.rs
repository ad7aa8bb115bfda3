//! `at_zone(x, "zone")`: between instants and civil time.

use pipewright_plan::{Base, Expr, Type};

use super::civil::{self, DAY};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::Row;
use crate::compile::show_int;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `at_zone(x, "zone")`
pub static FUNCTION: Function = Function {
    name: "at_zone",
    group: Group::Time,
    doc: "Civil time (or the midnight of a date) in a time zone as an instant, and an instant as civil time in a zone. A time that was skipped when clocks went forward makes the record bad; of one that came twice the earlier counts.",
    params: &[Param::required("x"), Param::required("zone")],

    typing,
    compile,
    examples: &[
        Example::new("at_zone(@2026-01-01T12:00:00, \"Europe/Paris\")", "@2026-01-01T11:00:00Z"),
        Example::new("at_zone(@2026-07-01T10:00:00Z, \"Europe/Paris\")", "@2026-07-01T12:00:00"),
        Example::new("at_zone(@2026-01-01, \"America/New_York\")", "@2026-01-01T05:00:00Z"),
        Example::new("at_zone(@2026-03-29T02:30:00, \"Europe/Paris\")", "error"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::temporal(args, 0)?;
    rules::zone(args, 1)?;
    let base = match args.first().map(|arg| &arg.ty.base) {
        Some(Base::Timestamp) => Base::LocalTimestamp,
        _ => Base::Timestamp,
    };
    Ok(rules::result(args.get(..1).unwrap_or_default(), base))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let Some(name) = call.literal_text(1)? else { return Err(call.error("no zone")) };
    let zone = civil::time_zone(&name).ok_or_else(|| call.error("no such zone"))?;
    let base = call.base(0);
    let x = call.int(0)?;
    let beyond = move |row: &Row<'_>, x: i64| -> Option<i64> {
        row.fail("overflow", origin, || format!("{} leaves the years 1 to 9999", show_int(x, &Base::LocalTimestamp)))
    };
    if base == Base::Timestamp {
        return Ok(Typed::of_int(move |row| {
            let x = x(row)?;
            civil::in_range(x + civil::offset(&zone, x)).or_else(|| beyond(row, x))
        }));
    }
    let factor = if base == Base::Date { DAY } else { 1 };
    Ok(Typed::of_int(move |row| {
        let local = x(row)?.saturating_mul(factor);
        match civil::instant(&zone, local) {
            Some(instant) => civil::in_range(instant).or_else(|| beyond(row, local)),
            None => row.fail("time-gap", origin, || {
                format!("{} does not exist in {name}: the clocks went forward", show_int(local, &Base::LocalTimestamp))
            }),
        }
    }))
}
