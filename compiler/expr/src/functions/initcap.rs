//! `initcap(x)`: words with capital first letters.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `initcap(x)`
pub static FUNCTION: Function = Function {
    name: "initcap",
    group: Group::Strings,
    doc: "Every word with a capital first letter and small ones after it; words consist of letters and digits.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("initcap(\"ada LOVELACE-king\")", "\"Ada Lovelace-King\"")],
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
        let mut inside = false;
        for c in text.chars() {
            if inside {
                out.extend(c.to_lowercase());
            } else {
                out.extend(c.to_uppercase());
            }
            inside = c.is_alphanumeric();
        }
        Some(out.into_bump_str())
    }))
}
