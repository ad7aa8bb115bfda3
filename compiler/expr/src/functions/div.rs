//! `div(a, b)`: division of integers.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::by_zero;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `div(a, b)`
pub static FUNCTION: Function = Function {
    name: "div",
    group: Group::Numbers,
    doc: "The whole number of times that `b` goes into `a`, without the rest: the fraction is cut off, towards zero.",
    params: &[Param::required("a"), Param::required("b")],

    typing,
    compile,
    examples: &[Example::new("div(7, 2)", "3"), Example::new("div(-7, 2)", "-3"), Example::new("div(1, 0)", "error")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::integer(args, 0)?;
    rules::integer(args, 1)?;
    Ok(rules::result(args, Base::Int64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let (a, b) = (call.int(0)?, call.int(1)?);
    Ok(Typed::of_int(move |row| {
        let (a, b) = (a(row)?, b(row)?);
        if b == 0 {
            return by_zero(row, origin, || a.to_string());
        }
        a.checked_div(b).or_else(|| row.fail("overflow", origin, || format!("div({a}, {b}) is beyond int64")))
    }))
}
