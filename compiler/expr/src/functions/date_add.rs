//! `date_add(x, n[, unit])`: a later or earlier date or time.

use pipewright_plan::{Base, Expr, Type};

use super::civil::{self, DAY, Unit};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::show_int;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `date_add(x, n[, unit])`
pub static FUNCTION: Function = Function {
    name: "date_add",
    group: Group::Time,
    doc: "So many days later, or so many of another unit: `second`, `minute`, `hour`, `day`, `week`, `month`, `quarter`, `year`. Negative numbers go back; the 31st of a shorter month is its last day. Instants count in UTC.",
    params: &[Param::required("x"), Param::required("n"), Param::optional("unit")],

    typing,
    compile,
    examples: &[
        Example::new("date_add(@2026-01-31, 1)", "@2026-02-01"),
        Example::new("date_add(@2026-01-31, 1, \"month\")", "@2026-02-28"),
        Example::new("date_add(@2026-01-01T10:00:00Z, -2, \"hour\")", "@2026-01-01T08:00:00Z"),
        Example::new("date_add(@9999-12-31, 1)", "error"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::temporal(args, 0)?;
    rules::integer(args, 1)?;
    let date = args.first().is_some_and(|arg| arg.ty.base == Base::Date);
    rules::word(args, 2, "a unit of time", if date { &civil::DATE_UNITS } else { &civil::UNITS })?;
    let base = args.first().map_or(Base::Null, |arg| arg.ty.base.clone());
    Ok(rules::result(args.get(..2).unwrap_or_default(), base))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let unit = match call.literal_text(2)? {
        None => Unit::Day,
        Some(name) => Unit::named(&name).ok_or_else(|| call.error("no such unit"))?,
    };
    let base = call.base(0);
    // Dates are computed as their midnight.
    let factor = if base == Base::Date { DAY } else { 1 };
    let (x, count) = (call.int(0)?, call.int(1)?);
    Ok(Typed::of_int(move |row| {
        let (x, count) = (x(row)?, count(row)?);
        let local = x.saturating_mul(factor);
        let sum = match (unit.micros(), unit.months()) {
            (Some(micros), _) => count.checked_mul(micros).and_then(|micros| local.checked_add(micros)),
            (None, months) => count
                .checked_mul(months.unwrap_or(1))
                .and_then(|months| civil::add_months(local.div_euclid(DAY) as i32, months))
                .map(|days| i64::from(days) * DAY + local.rem_euclid(DAY)),
        };
        match sum.and_then(civil::in_range) {
            Some(sum) => Some(sum.div_euclid(factor)),
            None => {
                row.fail("overflow", origin, || format!("date_add({}, {count}) is beyond {base}", show_int(x, &base)))
            }
        }
    }))
}
