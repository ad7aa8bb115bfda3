//! `substring(x, start[, length])`: a part of a text.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `substring(x, start[, length])`
pub static FUNCTION: Function = Function {
    name: "substring",
    group: Group::Strings,
    doc: "A part of the text, from a position (the first is 1), to the end or with a length. Positions before the start count, as in SQL: `substring(\"abc\", -1, 3)` is `a`. A negative length makes the record bad.",
    params: &[Param::required("x"), Param::required("start"), Param::optional("length")],

    typing,
    compile,
    examples: &[
        Example::new("substring(\"Pipewright\", 5)", "\"wright\""),
        Example::new("substring(\"Pipewright\", 1, 4)", "\"Pipe\""),
        Example::new("substring(\"äöü\", 2, 1)", "\"ö\""),
        Example::new("substring(\"abc\", -1, 3)", "\"a\""),
        Example::new("substring(\"abc\", 9)", "\"\""),
        Example::new("substring(\"abc\", 1, -1)", "error"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::integer(args, 1)?;
    rules::integer(args, 2)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let (text, start) = (call.text(0)?, call.int(1)?);
    let length = if call.given(2) { Some(call.int(2)?) } else { None };
    Ok(Typed::of_text(move |row| {
        let (text, start) = (text(row)?, start(row)?);
        let end = match &length {
            None => i64::MAX,
            Some(length) => {
                let length = length(row)?;
                if length < 0 {
                    return row.fail("bad-argument", origin, || format!("a substring cannot have the length {length}"));
                }
                start.saturating_add(length)
            }
        };
        let from = usize::try_from(start.max(1) - 1).unwrap_or(usize::MAX);
        let to = usize::try_from(end.max(1) - 1).unwrap_or(usize::MAX);
        Some(super::characters::slice(text, from, to))
    }))
}
