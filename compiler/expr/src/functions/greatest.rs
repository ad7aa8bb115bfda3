//! `greatest(x, …)`: the largest of several values.

use pipewright_plan::{Expr, Type};

use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `greatest(x, …)`
pub static FUNCTION: Function = Function {
    name: "greatest",
    group: Group::Numbers,
    doc: "The largest of the values; nulls are left out, and only if all are null the result is.",
    params: &[Param::required("x")],
    variadic: true,

    typing,
    compile,
    examples: &[
        Example::new("greatest(1, 3, 2)", "3"),
        Example::new("greatest(1.5, 2)", "2.0"),
        Example::new("greatest(null, 1)", "1"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    super::extreme::typing(args)
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    super::extreme::compile(call, std::cmp::Ordering::is_gt)
}
