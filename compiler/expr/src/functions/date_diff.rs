//! `date_diff("unit", from, to)`: the time between two dates or times.

use pipewright_plan::{Base, Expr, Type};

use super::civil::{self, DAY, Unit};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use crate::typing::cast_help;

/// `date_diff("unit", from, to)`
pub static FUNCTION: Function = Function {
    name: "date_diff",
    group: Group::Time,
    doc: "How many whole units lie between two dates, instants or civil times; negative if the second is the earlier one. A day of an instant has 24 hours.",
    params: &[Param::required("unit"), Param::required("from"), Param::required("to")],

    typing,
    compile,
    examples: &[
        Example::new("date_diff(\"day\", @2026-01-01, @2026-02-01)", "31"),
        Example::new("date_diff(\"month\", @2026-01-31, @2026-02-28)", "1"),
        Example::new("date_diff(\"hour\", @2026-01-01T10:00:00Z, @2026-01-01T08:30:00Z)", "-1"),
        Example::new("date_diff(\"year\", @2000-05-17, @2026-05-16)", "25"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::temporal(args, 1)?;
    rules::temporal(args, 2)?;
    if let (Some(from), Some(to)) = (rules::given(args, 1), rules::given(args, 2))
        && from.ty.base != to.ty.base
        && !from.ty.is_unknown()
        && !to.ty.is_unknown()
    {
        return Err(TypeProblem::new(
            "type-mismatch",
            format!("`{}` and `{}` have no difference", from.ty.base, to.ty.base),
        )
        .at(2)
        .maybe_help(cast_help(to, &from.ty.base)));
    }
    let date = args.get(1).is_some_and(|arg| arg.ty.base == Base::Date);
    rules::word(args, 0, "a unit of time", if date { &civil::DATE_UNITS } else { &civil::UNITS })?;
    Ok(rules::result(args.get(1..).unwrap_or_default(), Base::Int64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let Some(unit) = call.literal_text(0)?.and_then(|name| Unit::named(&name)) else {
        return Err(call.error("no unit"));
    };
    let factor = if call.base(1) == Base::Date { DAY } else { 1 };
    let (from, to) = (call.int(1)?, call.int(2)?);
    Ok(Typed::of_int(move |row| {
        let (from, to) = (from(row)?.saturating_mul(factor), to(row)?.saturating_mul(factor));
        Some(match (unit.micros(), unit.months()) {
            (Some(micros), _) => to.saturating_sub(from) / micros,
            (None, months) => civil::months_between(from, to) / months.unwrap_or(1),
        })
    }))
}
