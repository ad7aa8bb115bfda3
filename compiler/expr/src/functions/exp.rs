//! `exp(x)`: e to the power of the number.

use pipewright_plan::{Base, Expr, Type};

use super::real;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `exp(x)`
pub static FUNCTION: Function = Function {
    name: "exp",
    group: Group::Numbers,
    doc: "e to the power of the number, as a float.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("exp(0)", "1e0"), Example::new("exp(1000)", "error")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::number(args, 0)?;
    Ok(rules::result(args, Base::Float64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let x = real::argument(call, 0)?;
    Ok(Typed::of_float(move |row| {
        let x = x(row)?;
        real::finite(row, origin, &[x], x.exp(), || format!("exp({x})"))
    }))
}
