//! `bool(x)`, `try_bool(x)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::read_bool;
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "bool",
    group: Group::Conversion,
    doc: "True for `true t yes y on 1`, false for `false f no n off 0`, in upper or lower case; of integers 1 and 0.",
    params: &[Param::required("x")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("bool(\"Yes\")", "true"),
        Example::new("bool(\"f\")", "false"),
        Example::new("bool(0)", "false"),
        Example::new("bool(\"maybe\")", "error"),
    ],
    ..Function::PURE
};

/// `bool(x)`
pub static FUNCTION: Function = CAST;

/// `try_bool(x)`
pub static TRY: Function = Function {
    name: "try_bool",
    doc: "As `bool`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[Example::new("try_bool(\"maybe\")", "null"), Example::new("try_bool(\"on\")", "true")],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Bool, |from| textual(from) || from.is_integer())?;
    Ok(cast_type(args, Base::Bool, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    let from = call.base(0);
    if textual(&from) {
        let text = text_input(call)?;
        return Ok(Typed::of_bool(move |row| {
            let text = text(row)?;
            cast.finish(row, text, read_bool(text.as_bytes()))
        }));
    }
    match call.typed(0)? {
        Typed::Bool(source) => Ok(Typed::Bool(source)),
        Typed::Int(source) => Ok(Typed::Bool(source.map(move |row, value| match value {
            0 => Some(false),
            1 => Some(true),
            other => cast.not_one(row, || other.to_string()),
        }))),
        Typed::Text(_) if from == Base::Null => Ok(Typed::constant(&Base::Bool, crate::Datum::Null)),
        _ => Err(call.error("no cast from this type")),
    }
}
