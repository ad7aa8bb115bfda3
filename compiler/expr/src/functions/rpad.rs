//! `rpad(x, length[, fill])`: a text filled up on its right.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `rpad(x, length[, fill])`
pub static FUNCTION: Function = Function {
    name: "rpad",
    group: Group::Strings,
    doc: "The text filled up on its right to so many characters, by default with spaces; cut off if it is longer.",
    params: &[Param::required("x"), Param::required("length"), Param::optional("fill")],

    typing,
    compile,
    examples: &[Example::new("rpad(\"7\", 3)", "\"7  \""), Example::new("rpad(\"ab\", 5, \"xy\")", "\"abxyx\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::integer(args, 1)?;
    rules::text(args, 2)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let (text, length) = (call.text(0)?, call.int(1)?);
    let fill = if call.given(2) { Some(call.text(2)?) } else { None };
    Ok(Typed::of_text(move |row| {
        let (text, length) = (text(row)?, length(row)?);
        let fill = match &fill {
            Some(fill) => fill(row)?,
            None => " ",
        };
        let length = usize::try_from(length.max(0)).unwrap_or(usize::MAX);
        let present = text.chars().count();
        let missing = length.saturating_sub(present);
        if present >= length || fill.is_empty() {
            return Some(super::characters::slice(text, 0, length));
        }
        if length > super::characters::LARGEST {
            return row.fail("overflow", origin, || format!("a text of {length} characters is too large"));
        }
        let mut out = row.string(text.len() + missing);
        out.push_str(text);
        for c in fill.chars().cycle().take(missing) {
            out.push(c);
        }
        Some(out.into_bump_str())
    }))
}
