//! `replace(x, search, replacement)`: a text with parts replaced.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `replace(x, search, replacement)`
pub static FUNCTION: Function = Function {
    name: "replace",
    group: Group::Strings,
    doc: "The text with every occurrence of `search` replaced. An empty `search` changes nothing.",
    params: &[Param::required("x"), Param::required("search"), Param::required("replacement")],

    typing,
    compile,
    examples: &[
        Example::new("replace(\"a-b-c\", \"-\", \"+\")", "\"a+b+c\""),
        Example::new("replace(\"abc\", \"x\", \"y\")", "\"abc\""),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::text(args, 1)?;
    rules::text(args, 2)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let (text, search, replacement) = (call.text(0)?, call.text(1)?, call.text(2)?);
    Ok(Typed::of_text(move |row| {
        let (text, search, replacement) = (text(row)?, search(row)?, replacement(row)?);
        if search.is_empty() || !text.contains(search) {
            return Some(text);
        }
        let mut out = row.string(text.len());
        for (position, part) in text.split(search).enumerate() {
            if position > 0 {
                out.push_str(replacement);
            }
            out.push_str(part);
        }
        Some(out.into_bump_str())
    }))
}
