//! `json_get(x, "path")`: a part of JSON.

use pipewright_plan::{Base, Expr, Type};

use super::path;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `json_get(x, "path")`
pub static FUNCTION: Function = Function {
    name: "json_get",
    group: Group::Json,
    doc: "The part of the JSON at a path such as `a.b[0]`; null if there is none.",
    params: &[Param::required("x"), Param::required("path")],

    typing,
    compile,
    examples: &[
        Example::new("string(json_get(json(\"{\\\"a\\\": [1, 2]}\"), \"a[1]\"))", "\"2\""),
        Example::new("json_get(json(\"{}\"), \"a\")", "null"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::expect(args, 0, "json", &Base::Json, |base| {
        matches!(base, Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_))
    })?;
    if let Some(path) = rules::literal_text(args, 1, "the path")? {
        path::parse(path)
            .map_err(|reason| TypeProblem::new("bad-argument", reason).at(1).help("for example `a.b[0].c`"))?;
    }
    Ok(rules::optional(args, Base::Json))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let path = path::parse(&call.literal_text(1)?.unwrap_or_default()).map_err(|reason| call.error(reason))?;
    let text = call.text(0)?;
    Ok(Typed::of_text(move |row| path::find(text(row)?, &path)))
}
