//! `ltrim(x[, characters])`: text without spaces at its start.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `ltrim(x[, characters])`
pub static FUNCTION: Function = Function {
    name: "ltrim",
    group: Group::Strings,
    doc: "The text without white space at the start, or without any of the characters given.",
    params: &[Param::required("x"), Param::optional("characters")],

    typing,
    compile,
    examples: &[Example::new("ltrim(\"  a \")", "\"a \""), Example::new("ltrim(\"007\", \"0\")", "\"7\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::text(args, 1)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let text = call.text(0)?;
    if !call.given(1) {
        return Ok(Typed::of_text(move |row| text(row).map(|text| text.trim_start_matches(char::is_whitespace))));
    }
    let characters = call.text(1)?;
    Ok(Typed::of_text(move |row| {
        let (text, characters) = (text(row)?, characters(row)?);
        Some(text.trim_start_matches(|c| characters.contains(c)))
    }))
}
