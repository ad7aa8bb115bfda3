//! `fail(reason)`: a bad record on purpose.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `fail(reason)`
pub static FUNCTION: Function = Function {
    name: "fail",
    group: Group::Logic,
    doc: "Makes the record bad with that reason. It stands where a value of any type is expected.",
    params: &[Param::required("reason")],

    typing,
    compile,
    examples: &[
        Example::new("fail(\"unknown currency\")", "error"),
        Example::new("coalesce(1, fail(\"never reached\"))", "1"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    // Never null, and no type of its own: it fits any.
    Ok(Base::Null.required())
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let reason = call.text(0)?;
    Ok(Typed::of_text(move |row| {
        let reason = reason(row).unwrap_or("failed");
        row.fail("failed", origin, || crate::convert::shown(reason))
    }))
}
