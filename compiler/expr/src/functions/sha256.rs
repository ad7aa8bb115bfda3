//! `sha256(x)`: a digest.

use pipewright_plan::{Base, Expr, Type};

use super::encoded;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use sha2::{Digest, Sha256};

/// `sha256(x)`
pub static FUNCTION: Function = Function {
    name: "sha256",
    group: Group::Hashing,
    doc: "The SHA256 digest of a text (its UTF-8 bytes) or of bytes, as 64 hexadecimal digits.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new(
        "sha256(\"abc\")",
        "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
    )],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text_or_bytes(args, 0)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let x = encoded::input(call)?;
    Ok(Typed::of_text(move |row| {
        let digest = Sha256::digest(x(row)?);
        Some(encoded::hex(row, &digest))
    }))
}
