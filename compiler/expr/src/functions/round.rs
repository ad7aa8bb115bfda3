//! `round(x[, digits])`: a rounded number.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::show_decimal;
use crate::compile::{CallSite, Typed};
use crate::decimal::{Rounding, from_float, rescale, to_float};
use crate::typing::TypeProblem;

/// `round(x[, digits])`
pub static FUNCTION: Function = Function {
    name: "round",
    group: Group::Numbers,
    doc: "The number rounded half away from zero, to an integer or to so many digits after the point. A decimal stays a decimal: `round(decimal(12, 4), 2)` is a `decimal(11, 2)`.",
    params: &[Param::required("x"), Param::optional("digits")],

    typing,
    compile,
    examples: &[
        Example::new("round(2.5)", "3"),
        Example::new("round(-2.5)", "-3"),
        Example::new("round(2.345, 2)", "2.35"),
        Example::new("round(7)", "7"),
        Example::new("round(2.5e0)", "3e0"),
        Example::new("round(1.25e0, 1)", "1.3e0"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::number(args, 0)?;
    let digits = rules::literal_number(args, 1, "the number of digits")?.unwrap_or(0);
    if !(0..=38).contains(&digits) {
        return Err(
            TypeProblem::new("bad-argument", format!("the digits after the point are 0 to 38, not {digits}")).at(1)
        );
    }
    let digits = digits as u8;
    let base = match args.first().map(|arg| arg.ty.base.clone()) {
        Some(Base::Decimal { precision, scale }) if digits < scale => {
            Base::Decimal { precision: (precision - scale + 1 + digits).min(38), scale: digits }
        }
        other => other.unwrap_or(Base::Null),
    };
    let args = args.get(..1).unwrap_or_default();
    Ok(rules::result(args, base))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let digits = call.literal_int(1)?.unwrap_or(0).clamp(0, 38) as u8;
    let from = call.base(0);
    Ok(match (call.typed(0)?, from, &call.ty.base) {
        (Typed::Float(source), ..) => Typed::Float(source.map(move |_, value| Some(round_float(value, digits)))),
        (Typed::Decimal(source), Base::Decimal { scale: old, .. }, Base::Decimal { precision, scale }) => {
            let (precision, scale) = (*precision, *scale);
            Typed::Decimal(source.map(move |row, value| {
                rescale(value, old, scale, precision, Rounding::HalfUp).or_else(|| {
                    row.fail("overflow", origin, || {
                        format!("{} rounded is beyond decimal({precision}, {scale})", show_decimal(value, old))
                    })
                })
            }))
        }
        (other, ..) => other,
    })
}

/// Rounds what the shortest text of the float says, so that 1.005 becomes 1.01 as it reads.
fn round_float(value: f64, digits: u8) -> f64 {
    if digits == 0 {
        return value.round();
    }
    match from_float(value, 38, digits) {
        Some(rounded) => to_float(rounded, digits),
        // Too large for a decimal: there is no fraction to round.
        None => value,
    }
}
