//! `position(x, search)`: where a text occurs in another.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `position(x, search)`
pub static FUNCTION: Function = Function {
    name: "position",
    group: Group::Strings,
    doc: "Where `search` first occurs in the text, in characters from 1; 0 if it does not.",
    params: &[Param::required("x"), Param::required("search")],

    typing,
    compile,
    examples: &[Example::new("position(\"äbc\", \"b\")", "2"), Example::new("position(\"abc\", \"x\")", "0")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::text(args, 1)?;
    Ok(rules::result(args, Base::Int64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let (text, search) = (call.text_source(0)?, call.text_source(1)?);
    Ok(Typed::Int(text.zip(search, |_, text, search| {
        let found = text.find(search).and_then(|at| text.get(..at));
        Some(found.map_or(0, |before| before.chars().count() as i64 + 1))
    })))
}
