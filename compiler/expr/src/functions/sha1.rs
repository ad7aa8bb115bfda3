//! `sha1(x)`: a digest.

use pipewright_plan::{Base, Expr, Type};

use super::encoded;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use sha1::{Digest, Sha1};

/// `sha1(x)`
pub static FUNCTION: Function = Function {
    name: "sha1",
    group: Group::Hashing,
    doc: "The SHA1 digest of a text (its UTF-8 bytes) or of bytes, as 40 hexadecimal digits. Not safe against attackers: use `sha256` for that.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("sha1(\"abc\")", "\"a9993e364706816aba3e25717850c26c9cd0d89d\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text_or_bytes(args, 0)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let x = encoded::input(call)?;
    Ok(Typed::of_text(move |row| {
        let digest = Sha1::digest(x(row)?);
        Some(encoded::hex(row, &digest))
    }))
}
