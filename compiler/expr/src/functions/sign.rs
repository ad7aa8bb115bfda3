//! `sign(x)`: the sign of a number.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `sign(x)`
pub static FUNCTION: Function = Function {
    name: "sign",
    group: Group::Numbers,
    doc: "-1, 0 or 1 for a negative number, zero, or a positive one.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("sign(-2.5)", "-1"), Example::new("sign(0)", "0"), Example::new("sign(7)", "1")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::number(args, 0)?;
    Ok(rules::result(args, Base::Int64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    Ok(match call.typed(0)? {
        Typed::Int(source) => Typed::Int(source.map(|_, value| Some(value.signum()))),
        Typed::Decimal(source) => Typed::Int(source.map(|_, value| Some(value.signum() as i64))),
        Typed::Float(source) => {
            Typed::Int(source.map(|_, value| Some(i64::from(value > 0.0) - i64::from(value < 0.0))))
        }
        other => other,
    })
}
