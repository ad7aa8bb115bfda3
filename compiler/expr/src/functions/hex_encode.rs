//! `hex_encode(x)`: bytes as hexadecimal digits.

use pipewright_plan::{Base, Expr, Type};

use super::encoded;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `hex_encode(x)`
pub static FUNCTION: Function = Function {
    name: "hex_encode",
    group: Group::Hashing,
    doc: "Bytes, or the UTF-8 bytes of a text, as hexadecimal digits in lower case.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("hex_encode(\"AB\")", "\"4142\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text_or_bytes(args, 0)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let x = encoded::input(call)?;
    Ok(Typed::of_text(move |row| Some(encoded::hex(row, x(row)?))))
}
