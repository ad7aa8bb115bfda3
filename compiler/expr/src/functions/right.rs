//! `right(x, n)`: the last characters.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `right(x, n)`
pub static FUNCTION: Function = Function {
    name: "right",
    group: Group::Strings,
    doc: "The last characters of the text; all but the first ones if the number is negative.",
    params: &[Param::required("x"), Param::required("n")],

    typing,
    compile,
    examples: &[
        Example::new("right(\"abcd\", 2)", "\"cd\""),
        Example::new("right(\"abcd\", -1)", "\"bcd\""),
        Example::new("right(\"ab\", 9)", "\"ab\""),
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
        let length = text.chars().count() as i64;
        let skip = if count < 0 { count.checked_neg().unwrap_or(i64::MAX) } else { length.saturating_sub(count) };
        Some(super::characters::slice(text, usize::try_from(skip.max(0)).unwrap_or(usize::MAX), usize::MAX))
    }))
}
