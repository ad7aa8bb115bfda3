//! `floor(x)`: the largest integer not above a number.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::decimal::{Rounding, rescale};
use crate::typing::TypeProblem;

/// `floor(x)`
pub static FUNCTION: Function = Function {
    name: "floor",
    group: Group::Numbers,
    doc: "The largest integer not above the number: of a decimal a decimal without fraction, of a float a float.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("floor(2.7)", "2"), Example::new("floor(-2.1)", "-3")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::number(args, 0)?;
    let base = match args.first().map(|arg| arg.ty.base.clone()) {
        Some(Base::Decimal { precision, scale }) if scale > 0 => {
            Base::Decimal { precision: (precision - scale + 1).min(38), scale: 0 }
        }
        other => other.unwrap_or(Base::Null),
    };
    Ok(rules::result(args, base))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let scale = if let Base::Decimal { scale, .. } = call.base(0) { scale } else { 0 };
    Ok(match call.typed(0)? {
        Typed::Float(source) => Typed::Float(source.map(|_, value| Some(value.floor()))),
        // One digit more than before the point is room enough.
        Typed::Decimal(source) => {
            Typed::Decimal(source.map(move |_, value| rescale(value, scale, 0, 38, Rounding::Floor)))
        }
        other => other,
    })
}
