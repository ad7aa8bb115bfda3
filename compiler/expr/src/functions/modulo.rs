//! `mod(a, b)`: the rest of a division.

use pipewright_plan::{Expr, Type};

use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use crate::typing::arithmetic;
use pipewright_plan::{ArithmeticOp, ExprKind};

/// `mod(a, b)`
pub static FUNCTION: Function = Function {
    name: "mod",
    group: Group::Numbers,
    doc: "The rest of the division, with the sign of `a`; the same as `a % b`.",
    params: &[Param::required("a"), Param::required("b")],

    typing,
    compile,
    examples: &[
        Example::new("mod(7, 3)", "1"),
        Example::new("mod(-7, 3)", "-1"),
        Example::new("mod(7.5, 2)", "1.5"),
        Example::new("mod(1, 0)", "error"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    let [a, b] = args else { return Ok(Type::unknown()) };
    arithmetic(ArithmeticOp::Remainder, a.clone(), b.clone()).map(|(_, _, ty)| ty)
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let [a, b] = call.args else { return Err(call.error("two arguments are needed")) };
    let (left, right, ty) =
        arithmetic(ArithmeticOp::Remainder, a.clone(), b.clone()).map_err(|problem| call.error(problem.message))?;
    let kind = ExprKind::Arithmetic { op: ArithmeticOp::Remainder, left: Box::new(left), right: Box::new(right) };
    call.instead(&Expr { kind, ty, origin: call.origin })
}
