//! `left(x, n)`: the first characters.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `left(x, n)`
pub static FUNCTION: Function = Function {
    name: "left",
    group: Group::Strings,
    doc: "The first characters of the text; all but the last ones if the number is negative.",
    params: &[Param::required("x"), Param::required("n")],

    typing,
    compile,
    examples: &[
        Example::new("left(\"abcd\", 2)", "\"ab\""),
        Example::new("left(\"abcd\", -1)", "\"abc\""),
        Example::new("left(\"ab\", 9)", "\"ab\""),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::integer(args, 1)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let (text, count) = (call.text(0)?, call.int(1)?);
    Ok(Typed::of_text(move |row| {
        let (text, count) = (text(row)?, count(row)?);
        let count = if count < 0 { text.chars().count() as i64 + count } else { count };
        Some(super::characters::slice(text, 0, usize::try_from(count.max(0)).unwrap_or(usize::MAX)))
    }))
}
