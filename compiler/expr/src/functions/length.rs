//! `length(x)`: the number of characters, bytes or elements.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `length(x)`
pub static FUNCTION: Function = Function {
    name: "length",
    group: Group::Strings,
    doc: "How many characters (code points) a text has, bytes have, or elements a list has.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[
        Example::new("length(\"äöü\")", "3"),
        Example::new("length([1, 2])", "2"),
        Example::new("length(\"\")", "0"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::expect(args, 0, "a string, bytes or a list", &Base::String, |base| {
        base.is_text() || matches!(base, Base::Bytes | Base::List(_))
    })?;
    Ok(rules::result(args, Base::Int64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let list = matches!(call.base(0), Base::List(_));
    match call.typed(0)? {
        Typed::Text(source) if list => {
            Ok(Typed::Int(source.map(|_, text| Some(crate::nested::Elements::new(text).count() as i64))))
        }
        Typed::Text(source) => Ok(Typed::Int(source.map(|_, text| Some(text.chars().count() as i64)))),
        Typed::Bytes(source) => Ok(Typed::of_int(move |row| source.get(row).map(|bytes| bytes.len() as i64))),
        _ => Err(call.error("no length")),
    }
}
