//! `upper(x)`: text in upper case.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `upper(x)`
pub static FUNCTION: Function = Function {
    name: "upper",
    group: Group::Strings,
    doc: "The text in upper case, by the rules of Unicode, whatever the locale.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("upper(\"abc\")", "\"ABC\""), Example::new("upper(\"straße\")", "\"STRASSE\"")],
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
        if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase()) {
            return Some(text);
        }
        let mut out = row.string(text.len());
        if text.is_ascii() {
            out.push_str(text);
            out.as_mut_str().make_ascii_uppercase();
        } else {
            out.extend(text.chars().flat_map(char::to_uppercase));
        }
        Some(out.into_bump_str())
    }))
}
