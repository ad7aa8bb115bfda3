//! `repeat(x, n)`: a text several times.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `repeat(x, n)`
pub static FUNCTION: Function = Function {
    name: "repeat",
    group: Group::Strings,
    doc: "The text so many times; nothing if the number is not positive.",
    params: &[Param::required("x"), Param::required("n")],

    typing,
    compile,
    examples: &[Example::new("repeat(\"ab\", 3)", "\"ababab\""), Example::new("repeat(\"ab\", 0)", "\"\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::integer(args, 1)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let (text, count) = (call.text(0)?, call.int(1)?);
    Ok(Typed::of_text(move |row| {
        let (text, count) = (text(row)?, count(row)?);
        let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
        let length = text.len().saturating_mul(count);
        if length > super::characters::LARGEST {
            return row.fail("overflow", origin, || format!("a text of {length} bytes is too large"));
        }
        let mut out = row.string(length);
        for _ in 0..if text.is_empty() { 0 } else { count } {
            out.push_str(text);
        }
        Some(out.into_bump_str())
    }))
}
