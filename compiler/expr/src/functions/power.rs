//! `power(x, y)`: a power.

use pipewright_plan::{Base, Expr, Type};

use super::real;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `power(x, y)`
pub static FUNCTION: Function = Function {
    name: "power",
    group: Group::Numbers,
    doc: "`x` to the power of `y`, as a float.",
    params: &[Param::required("x"), Param::required("y")],

    typing,
    compile,
    examples: &[Example::new("power(2, 10)", "1.024e3"), Example::new("power(10, 400)", "error")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::number(args, 0)?;
    rules::number(args, 1)?;
    Ok(rules::result(args, Base::Float64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let (x, y) = (real::argument(call, 0)?, real::argument(call, 1)?);
    Ok(Typed::of_float(move |row| {
        let (x, y) = (x(row)?, y(row)?);
        real::finite(row, origin, &[x, y], x.powf(y), || format!("power({x}, {y})"))
    }))
}
