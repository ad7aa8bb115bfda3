//! `ln(x)`: the natural logarithm.

use pipewright_plan::{Base, Expr, Type};

use super::real;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `ln(x)`
pub static FUNCTION: Function = Function {
    name: "ln",
    group: Group::Numbers,
    doc: "The natural logarithm, as a float. Zero and negative numbers make the record bad.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("ln(1)", "0e0"), Example::new("ln(0)", "error")],
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
        real::finite(row, origin, &[x], x.ln(), || format!("ln({x})"))
    }))
}
