//! `float64(x)`, `try_float64(x)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::read_float;
use crate::decimal::to_float;
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "float64",
    group: Group::Conversion,
    doc: "The nearest 64-bit float of a number or a string. Integers above 2^53 lose digits; `NaN` and `Infinity` are no numbers.",
    params: &[Param::required("x")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("float64(\"1.5\")", "1.5e0"),
        Example::new("float64(2)", "2e0"),
        Example::new("float64(0.25)", "2.5e-1"),
        Example::new("float64(\"NaN\")", "error"),
    ],
    ..Function::PURE
};

/// `float64(x)`
pub static FUNCTION: Function = CAST;

/// `try_float64(x)`
pub static TRY: Function = Function {
    name: "try_float64",
    doc: "As `float64`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[Example::new("try_float64(\"1.5\")", "1.5e0"), Example::new("try_float64(\"x\")", "null")],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Float64, |from| textual(from) || from.is_number())?;
    Ok(cast_type(args, Base::Float64, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    let from = call.base(0);
    if textual(&from) {
        let text = text_input(call)?;
        return Ok(Typed::of_float(move |row| {
            let text = text(row)?;
            cast.finish(row, text, read_float(text.as_bytes()))
        }));
    }
    match call.typed(0)? {
        Typed::Float(source) => Ok(Typed::Float(source)),
        Typed::Int(source) => Ok(Typed::Float(source.map(|_, value| Some(value as f64)))),
        Typed::Decimal(source) => {
            let scale = if let Base::Decimal { scale, .. } = from { scale } else { 0 };
            Ok(Typed::Float(source.map(move |_, value| Some(to_float(value, scale)))))
        }
        Typed::Text(_) if from == Base::Null => Ok(Typed::constant(&Base::Float64, crate::Datum::Null)),
        _ => Err(call.error("no cast from this type")),
    }
}
