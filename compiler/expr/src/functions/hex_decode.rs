//! `hex_decode(x)`: hexadecimal digits to bytes.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::shown;
use crate::typing::TypeProblem;

/// `hex_decode(x)`
pub static FUNCTION: Function = Function {
    name: "hex_decode",
    group: Group::Hashing,
    doc: "The bytes that hexadecimal digits stand for; anything else makes the record bad.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("string(hex_decode(\"4142\"))", "\"AB\""), Example::new("hex_decode(\"4x\")", "error")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text(args, 0)?;
    Ok(rules::result(args, Base::Bytes))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let text = call.text(0)?;
    Ok(Typed::of_bytes(move |row| {
        let text = text(row)?;
        let bytes = row.arena.alloc_slice_fill_copy(text.len() / 2, 0u8);
        match hex::decode_to_slice(text, bytes) {
            Ok(()) => Some(&*bytes),
            Err(_) => row.fail("bad-cast", origin, || format!("`{}` are no hexadecimal digits", shown(text))),
        }
    }))
}
