//! `duration(x[, unit = "s"])`, `try_duration(…)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::read_duration;
use crate::typing::TypeProblem;

const UNITS: [&str; 6] = ["us", "ms", "s", "m", "h", "d"];
const MICROS: [i64; 6] = [1, 1_000, 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000];

const CAST: Function = Function {
    name: "duration",
    group: Group::Conversion,
    doc: "A duration from a string (`1h30m`, or ISO 8601: `PT1H30M`), or from an integer in a unit: `us`, `ms`, `s`, `m`, \
          `h` or `d`. A day has 24 hours; months and years have no length.",
    params: &[Param::required("x"), Param::optional("unit")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("duration(\"PT1H30M\")", "1h30m"),
        Example::new("duration(\"250ms\")", "250ms"),
        Example::new("duration(90, unit = \"s\")", "1m30s"),
        Example::new("duration(\"P1M\")", "error"),
    ],
    ..Function::PURE
};

/// `duration(x[, unit = "s"])`
pub static FUNCTION: Function = CAST;

/// `try_duration(x[, unit = "s"])`
pub static TRY: Function = Function {
    name: "try_duration",
    doc: "As `duration`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[Example::new("try_duration(\"soon\")", "null"), Example::new("try_duration(\"5m\")", "5m")],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Duration, |from| textual(from) || from.is_integer())?;
    let unit = rules::word(args, 1, "a unit of time", &UNITS)?;
    if let Some(x) = rules::given(args, 0)
        && x.ty.base.is_integer()
        && unit.is_none()
        && rules::given(args, 1).is_none()
    {
        let x = crate::typing::written(x, "x");
        return Err(TypeProblem::new("bad-argument", "an integer needs its unit")
            .at(0)
            .help(format!("write `duration({x}, unit = \"s\")`")));
    }
    Ok(cast_type(args, Base::Duration, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    if textual(&call.base(0)) {
        let text = text_input(call)?;
        return Ok(Typed::of_int(move |row| {
            let text = text(row)?;
            cast.finish(row, text, read_duration(text.as_bytes()))
        }));
    }
    let unit = call.literal_text(1)?;
    let factor =
        UNITS.iter().zip(MICROS).find(|(name, _)| unit.as_deref() == Some(**name)).map_or(1, |(_, micros)| micros);
    let value = call.int(0)?;
    Ok(Typed::of_int(move |row| {
        let value = value(row)?;
        value.checked_mul(factor).or_else(|| cast.not_one(row, || value.to_string()))
    }))
}
