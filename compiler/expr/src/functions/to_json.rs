//! `to_json(x)`: a value as JSON.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `to_json(x)`
pub static FUNCTION: Function = Function {
    name: "to_json",
    group: Group::Json,
    doc: "Any value as JSON: a string with quotes, dates and times as strings, bytes in base64, null as null (not as JSON `null`).",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[
        Example::new("string(to_json([1, 2]))", "\"[1,2]\""),
        Example::new("string(to_json(12.50))", "\"12.50\""),
        Example::new("to_json(null)", "null"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    Ok(rules::result(args, Base::Json))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let Some(ty) = call.args.first().map(|arg| arg.ty.clone()) else {
        return Err(call.error("an argument is missing"));
    };
    let value = call.typed(0)?;
    Ok(Typed::of_text(move |row| match value.datum(row) {
        crate::Datum::Null => None,
        value => Some(row.written(|out| crate::nested::write_json(value, &ty, out))),
    }))
}
