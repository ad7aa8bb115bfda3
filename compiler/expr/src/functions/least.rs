//! `least(x, …)`: the smallest of several values.

use pipewright_plan::{Expr, Type};

use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `least(x, …)`
pub static FUNCTION: Function = Function {
    name: "least",
    group: Group::Numbers,
    doc: "The smallest of the values; nulls are left out, and only if all are null the result is.",
    params: &[Param::required("x")],
    variadic: true,

    typing,
    compile,
    examples: &[Example::new("least(1, 3, 2)", "1"), Example::new("least(\"b\", \"a\")", "\"a\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    super::extreme::typing(args)
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    super::extreme::compile(call, std::cmp::Ordering::is_lt)
}
