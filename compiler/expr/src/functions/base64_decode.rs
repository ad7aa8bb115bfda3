//! `base64_decode(x)`: base64 to bytes.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::shown;
use crate::typing::TypeProblem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// `base64_decode(x)`
pub static FUNCTION: Function = Function {
    name: "base64_decode",
    group: Group::Hashing,
    doc: "The bytes that base64 stands for, with padding or without; anything else makes the record bad.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[
        Example::new("string(base64_decode(\"aGVsbG8=\"))", "\"hello\""),
        Example::new("base64_decode(\"?\")", "error"),
    ],
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
        let encoded = text.trim_end_matches('=');
        let bytes = row.arena.alloc_slice_fill_copy(encoded.len() / 4 * 3 + 3, 0u8);
        match STANDARD_NO_PAD.decode_slice(encoded, bytes) {
            Ok(length) => bytes.get(..length),
            Err(_) => row.fail("bad-cast", origin, || format!("`{}` is not base64", shown(text))),
        }
    }))
}
