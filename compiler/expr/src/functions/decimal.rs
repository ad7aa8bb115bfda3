//! `decimal(x, precision, scale)`, `try_decimal(…)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed, show_decimal};
use crate::convert::read_decimal;
use crate::decimal::{Rounding, from_float, rescale};
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "decimal",
    group: Group::Conversion,
    doc: "An exact number with so many digits, so many of them after the point. A number is rounded half up to the scale; \
          a string must be exact, zeros at its end aside. Too many digits before the point make the record bad.",
    params: &[Param::required("x"), Param::required("precision"), Param::required("scale")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("decimal(\"12.5\", 12, 2)", "12.50"),
        Example::new("decimal(2.345, 12, 2)", "2.35"),
        Example::new("decimal(\"2.345\", 12, 2)", "error"),
        Example::new("decimal(1000, 4, 2)", "error"),
        Example::new("decimal(1.1e0, 12, 2)", "1.10"),
    ],
    ..Function::PURE
};

/// `decimal(x, precision, scale)`
pub static FUNCTION: Function = CAST;

/// `try_decimal(x, precision, scale)`
pub static TRY: Function = Function {
    name: "try_decimal",
    doc: "As `decimal`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[
        Example::new("try_decimal(\"12.5\", 12, 2)", "12.50"),
        Example::new("try_decimal(\"a lot\", 12, 2)", "null"),
    ],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    let (precision, scale) =
        (rules::literal_number(args, 1, "the precision")?, rules::literal_number(args, 2, "the scale")?);
    let (Some(precision), Some(scale)) = (precision, scale) else { return Ok(Type::unknown()) };
    if !(1..=38).contains(&precision) {
        return Err(TypeProblem::new("bad-argument", format!("a decimal has 1 to 38 digits, not {precision}")).at(1));
    }
    if !(0..=precision).contains(&scale) {
        return Err(
            TypeProblem::new("bad-argument", format!("the scale is between 0 and {precision}, not {scale}")).at(2)
        );
    }
    let to = Base::Decimal { precision: precision as u8, scale: scale as u8 };
    takes(args, &to, |from| textual(from) || from.is_number())?;
    Ok(cast_type(args, to, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    let from = call.base(0);
    let Base::Decimal { precision, scale } = call.ty.base else {
        return Err(call.error("the result is no decimal"));
    };
    if textual(&from) {
        let text = text_input(call)?;
        return Ok(Typed::of_decimal(move |row| {
            let text = text(row)?;
            cast.finish(row, text, read_decimal(text.as_bytes(), precision, scale))
        }));
    }
    match call.typed(0)? {
        Typed::Int(source) => Ok(Typed::Decimal(source.map(move |row, value| {
            rescale(i128::from(value), 0, scale, precision, Rounding::HalfUp)
                .or_else(|| cast.not_one(row, || value.to_string()))
        }))),
        Typed::Float(source) => Ok(Typed::Decimal(source.map(move |row, value| {
            from_float(value, precision, scale).or_else(|| cast.not_one(row, || format!("{value:?}")))
        }))),
        Typed::Decimal(source) => {
            let old = if let Base::Decimal { scale, .. } = from { scale } else { 0 };
            Ok(Typed::Decimal(source.map(move |row, value| {
                rescale(value, old, scale, precision, Rounding::HalfUp)
                    .or_else(|| cast.not_one(row, || show_decimal(value, old)))
            })))
        }
        Typed::Text(_) if from == Base::Null => Ok(Typed::constant(&call.ty.base, crate::Datum::Null)),
        _ => Err(call.error("no cast from this type")),
    }
}
