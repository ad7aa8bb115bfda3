//! `int64(x)`, `try_int64(x)`; the rules of `int32` are the same with another range.

use std::ops::RangeInclusive;

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed, show_decimal};
use crate::convert::{ConvertError, read_int, read_int_number};
use crate::decimal::pow10;
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "int64",
    group: Group::Conversion,
    doc: "A 64-bit integer from a string, a `bool` (1 or 0), or a number without a fraction. \
          A string holds an optional sign and digits, nothing else.",
    params: &[Param::required("x")],
    typing: |args| typing(args, Base::Int64, false),
    compile: |call| compile(call, i64::MIN..=i64::MAX),
    examples: &[
        Example::new("int64(\"42\")", "42"),
        Example::new("int64(12.00)", "12"),
        Example::new("int64(true)", "1"),
        Example::new("int64(\"12x\")", "error"),
        Example::new("int64(1.5)", "error"),
        Example::new("int64(json(\"7\"))", "7"),
    ],
    ..Function::PURE
};

/// `int64(x)`
pub static FUNCTION: Function = CAST;

/// `try_int64(x)`
pub static TRY: Function = Function {
    name: "try_int64",
    doc: "As `int64`, but null where that makes the record bad.",
    typing: |args| typing(args, Base::Int64, true),
    examples: &[Example::new("try_int64(\"42\")", "42"), Example::new("try_int64(\"12x\")", "null")],
    ..CAST
};

pub(super) fn typing(args: &[Expr], to: Base, attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &to, |from| textual(from) || from.is_number() || *from == Base::Bool)?;
    Ok(cast_type(args, to, attempt))
}

pub(super) fn compile(call: &mut CallSite<'_, '_>, range: RangeInclusive<i64>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    let from = call.base(0);
    if textual(&from) {
        let text = text_input(call)?;
        let read = if from == Base::Json { read_int_number } else { read_int };
        return Ok(Typed::of_int(move |row| {
            let text = text(row)?;
            let value = read(text.as_bytes())
                .and_then(|value| if range.contains(&value) { Ok(value) } else { Err(ConvertError::OutOfRange) });
            cast.finish(row, text, value)
        }));
    }
    match call.typed(0)? {
        Typed::Int(source) => Ok(Typed::Int(source.map(move |row, value| {
            if range.contains(&value) { Some(value) } else { cast.not_one(row, || value.to_string()) }
        }))),
        Typed::Bool(source) => Ok(Typed::Int(source.map(|_, value| Some(i64::from(value))))),
        Typed::Float(source) => Ok(Typed::Int(source.map(move |row, value| {
            // The bounds are powers of two, exact as floats; the upper one is excluded.
            let whole =
                value.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
            let int = value as i64;
            if whole && range.contains(&int) { Some(int) } else { cast.not_one(row, || format!("{value:?}")) }
        }))),
        Typed::Decimal(source) => {
            let scale = if let Base::Decimal { scale, .. } = from { scale } else { 0 };
            let factor = pow10(scale);
            Ok(Typed::Int(source.map(move |row, value| {
                let whole = value.checked_rem(factor) == Some(0);
                let int = value.checked_div(factor).and_then(|value| i64::try_from(value).ok());
                int.filter(|int| whole && range.contains(int))
                    .or_else(|| cast.not_one(row, || show_decimal(value, scale)))
            })))
        }
        Typed::Text(_) if from == Base::Null => Ok(Typed::constant(&Base::Int64, crate::Datum::Null)),
        _ => Err(call.error("no cast from this type")),
    }
}
