//! `json_valid(x)`: whether a text is JSON.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `json_valid(x)`
pub static FUNCTION: Function = Function {
    name: "json_valid",
    group: Group::Json,
    doc: "True if the text is JSON.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("json_valid(\"[1]\")", "true"), Example::new("json_valid(\"[1\")", "false")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    Ok(rules::result(args, Base::Bool))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    Ok(Typed::Bool(
        call.text_source(0)?.map(|_, text| Some(serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())),
    ))
}
