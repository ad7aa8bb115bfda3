//! `concat(x, …)`: texts behind one another.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::concatenation;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `concat(x, …)`
pub static FUNCTION: Function = Function {
    name: "concat",
    group: Group::Strings,
    doc: "The texts behind one another; null if one of them is. Longer texts are easier to read as `f\"…{x}…\"`.",
    params: &[Param::required("x")],
    variadic: true,

    typing,
    compile,
    examples: &[Example::new("concat(\"a\", \"b\", \"c\")", "\"abc\""), Example::new("concat(\"a\", null)", "null")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    for argument in 0..args.len() {
        rules::text(args, argument)?;
    }
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let parts = (0..call.args.len()).map(|argument| call.text_source(argument)).collect::<Result<Vec<_>, _>>()?;
    Ok(concatenation(parts))
}
