//! `base64_encode(x)`: bytes in base64.

use pipewright_plan::{Base, Expr, Type};

use super::encoded;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::nested::write_base64;
use crate::typing::TypeProblem;

/// `base64_encode(x)`
pub static FUNCTION: Function = Function {
    name: "base64_encode",
    group: Group::Hashing,
    doc: "Bytes, or the UTF-8 bytes of a text, in base64 with padding.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("base64_encode(\"hello\")", "\"aGVsbG8=\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text_or_bytes(args, 0)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let x = encoded::input(call)?;
    Ok(Typed::of_text(move |row| {
        let bytes = x(row)?;
        Some(row.written(|out| write_base64(bytes, out)))
    }))
}
