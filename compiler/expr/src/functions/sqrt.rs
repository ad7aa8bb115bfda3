//! `sqrt(x)`: the square root.

use pipewright_plan::{Base, Expr, Type};

use super::real;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `sqrt(x)`
pub static FUNCTION: Function = Function {
    name: "sqrt",
    group: Group::Numbers,
    doc: "The square root, as a float. Of a negative number there is none: a bad record.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("sqrt(9)", "3e0"), Example::new("sqrt(-1)", "error")],
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
        real::finite(row, origin, &[x], x.sqrt(), || format!("sqrt({x})"))
    }))
}
