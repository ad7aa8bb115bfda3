//! `starts_with(x, search)`: whether a text begins with another.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `starts_with(x, search)`
pub static FUNCTION: Function = Function {
    name: "starts_with",
    group: Group::Strings,
    doc: "True if the text begins with `search`.",
    params: &[Param::required("x"), Param::required("search")],

    typing,
    compile,
    examples: &[
        Example::new("starts_with(\"Pipewright\", \"Pipe\")", "true"),
        Example::new("starts_with(\"a\", \"b\")", "false"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::text(args, 1)?;
    Ok(rules::result(args, Base::Bool))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let (text, search) = (call.text_source(0)?, call.text_source(1)?);
    Ok(Typed::Bool(text.zip(search, |_, text, search| Some(text.starts_with(search)))))
}
