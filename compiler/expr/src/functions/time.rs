//! `time(x)`, `try_time(x)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::civil::DAY;
use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::read_time;
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "time",
    group: Group::Conversion,
    doc: "A time of day from a string (`10:00`, `10:00:00.5`) or from civil time.",
    params: &[Param::required("x")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("time(\"10:00:00\")", "@10:00"),
        Example::new("time(@2026-01-01T10:30:00)", "@10:30"),
        Example::new("time(\"25:00\")", "error"),
    ],
    ..Function::PURE
};

/// `time(x)`
pub static FUNCTION: Function = CAST;

/// `try_time(x)`
pub static TRY: Function = Function {
    name: "try_time",
    doc: "As `time`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[Example::new("try_time(\"25:00\")", "null"), Example::new("try_time(\"10:00\")", "@10:00")],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Time, |from| textual(from) || *from == Base::LocalTimestamp)?;
    Ok(cast_type(args, Base::Time, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    if textual(&call.base(0)) {
        let text = text_input(call)?;
        return Ok(Typed::of_int(move |row| {
            let text = text(row)?;
            cast.finish(row, text, read_time(text.as_bytes()))
        }));
    }
    let value = call.int(0)?;
    Ok(Typed::of_int(move |row| value(row).map(|value| value.rem_euclid(DAY))))
}
