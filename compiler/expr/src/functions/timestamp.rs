//! `timestamp(x[, "format"][, unit = "ms"])`, `try_timestamp(…)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::{Example, Function, Group, Param, civil, epoch, pattern, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed, show_decimal};
use crate::convert::{Finer, read_timestamp};
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "timestamp",
    group: Group::Conversion,
    doc: "An instant from a string with a time zone (ISO 8601, or as the format says, with `%z` in it), or from a number \
          since 1970 in a unit: `s`, `ms`, `us` or `ns`. Civil time becomes an instant by `at_zone`.",
    params: &[Param::required("x"), Param::optional("format"), Param::optional("unit")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("timestamp(\"2026-01-01T10:00:00+02:00\")", "@2026-01-01T08:00:00Z"),
        Example::new("timestamp(\"17/May/2015:10:05:03 +0000\", \"%d/%b/%Y:%H:%M:%S %z\")", "@2015-05-17T10:05:03Z"),
        Example::new("timestamp(1500, unit = \"ms\")", "@1970-01-01T00:00:01.5Z"),
        Example::new("timestamp(1.5, unit = \"s\")", "@1970-01-01T00:00:01.5Z"),
        Example::new("timestamp(\"2026-01-01T10:00:00\")", "error"),
    ],
    ..Function::PURE
};

/// `timestamp(x[, "format"][, unit = "ms"])`
pub static FUNCTION: Function = CAST;

/// `try_timestamp(x[, "format"][, unit = "ms"])`
pub static TRY: Function = Function {
    name: "try_timestamp",
    doc: "As `timestamp`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[
        Example::new("try_timestamp(\"yesterday\")", "null"),
        Example::new("try_timestamp(\"2026-01-01T10:00:00Z\")", "@2026-01-01T10:00:00Z"),
    ],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Timestamp, |from| textual(from) || from.is_integer() || matches!(from, Base::Decimal { .. }))?;
    pattern::check(args, 1, pattern::Wanted::Instant)?;
    let unit = rules::word(args, 2, "a unit of time", &epoch::UNITS)?;
    let x = rules::given(args, 0);
    let number = x.is_some_and(|x| x.ty.base.is_number());
    if let Some(x) = x.filter(|_| number && unit.is_none() && rules::given(args, 2).is_none()) {
        let x = crate::typing::written(x, "x");
        return Err(TypeProblem::new("bad-argument", "a number since 1970 needs its unit")
            .at(0)
            .help(format!("write `timestamp({x}, unit = \"ms\")`, or `s`, `us`, `ns`")));
    }
    if number && rules::given(args, 1).is_some() {
        return Err(TypeProblem::new("bad-argument", "a number has no format")
            .at(1)
            .help("name the unit: `unit = \"ms\"`"));
    }
    if x.is_some_and(|x| textual(&x.ty.base) && x.ty.base != Base::Json) && unit.is_some() {
        return Err(TypeProblem::new("bad-argument", "a string has no unit").at(2).help("cast it first: `int64(x)`"));
    }
    Ok(cast_type(args, Base::Timestamp, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    let from = call.base(0);
    let unit = call.literal_text(2)?;
    if textual(&from) {
        let text = text_input(call)?;
        if let Some(format) = call.literal_text(1)? {
            return Ok(Typed::of_int(move |row| {
                let text = text(row)?;
                match pattern::read(&format, text, pattern::Wanted::Instant) {
                    Ok(micros) => Some(micros),
                    Err(problem) => cast.refuse(row, || problem.reason(text, &format)),
                }
            }));
        }
        let unit = unit.and_then(|unit| epoch::per_second(&unit));
        return Ok(Typed::of_int(move |row| {
            let text = text(row)?;
            // JSON may hold a number, which the unit is for.
            if let Some(unit) = unit
                && let Ok(value) = crate::convert::read_decimal(text.as_bytes(), 38, 9)
            {
                return epoch::to_micros(value, 9, unit).or_else(|| cast.not_one(row, || text.to_owned()));
            }
            cast.finish(row, text, read_timestamp(text.as_bytes(), Finer::Refuse))
        }));
    }
    if from == Base::Timestamp || from == Base::Null {
        return Ok(Typed::of_int(call.int(0)?));
    }
    let Some(unit) = unit.and_then(|unit| epoch::per_second(&unit)) else {
        return Err(call.error("a number needs a unit"));
    };
    match call.typed(0)? {
        Typed::Int(source) => Ok(Typed::Int(source.map(move |row, value| {
            let micros = if unit <= 1_000_000 { value.checked_mul(1_000_000 / unit) } else { None };
            micros
                .and_then(civil::in_range)
                .or_else(|| epoch::to_micros(i128::from(value), 0, unit))
                .or_else(|| cast.not_one(row, || value.to_string()))
        }))),
        Typed::Decimal(source) => {
            let scale = if let Base::Decimal { scale, .. } = from { scale } else { 0 };
            Ok(Typed::Int(source.map(move |row, value| {
                epoch::to_micros(value, scale, unit).or_else(|| cast.not_one(row, || show_decimal(value, scale)))
            })))
        }
        _ => Err(call.error("no cast from this type")),
    }
}
