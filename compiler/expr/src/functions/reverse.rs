//! `reverse(x)`: a text from its end.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `reverse(x)`
pub static FUNCTION: Function = Function {
    name: "reverse",
    group: Group::Strings,
    doc: "The characters from the last to the first.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("reverse(\"abc\")", "\"cba\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let text = call.text(0)?;
    Ok(Typed::of_text(move |row| {
        let text = text(row)?;
        let mut out = row.string(text.len());
        out.extend(text.chars().rev());
        Some(out.into_bump_str())
    }))
}
