//! `regex_count(x, pattern)`: how often a regular expression matches.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `regex_count(x, pattern)`
pub static FUNCTION: Function = Function {
    name: "regex_count",
    group: Group::Regex,
    doc: "How often the regular expression matches, without overlaps.",
    params: &[Param::required("x"), Param::required("pattern")],

    typing,
    compile,
    examples: &[Example::new("regex_count(\"a1b22\", r\"\\d+\")", "2")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    rules::regex(args, 1)?;
    Ok(rules::result(args, Base::Int64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let pattern = call.literal_text(1)?.unwrap_or_default();
    let regex = regex::Regex::new(&pattern).map_err(|error| call.error(error.to_string()))?;
    Ok(Typed::Int(call.text_source(0)?.map(move |_, text| Some(regex.find_iter(text).count() as i64))))
}
