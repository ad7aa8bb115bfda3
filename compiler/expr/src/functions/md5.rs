//! `md5(x)`: a digest.

use pipewright_plan::{Base, Expr, Type};

use super::encoded;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use md5::{Digest, Md5};

/// `md5(x)`
pub static FUNCTION: Function = Function {
    name: "md5",
    group: Group::Hashing,
    doc: "The MD5 digest of a text (its UTF-8 bytes) or of bytes, as 32 hexadecimal digits. Not safe against attackers: use `sha256` for that.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("md5(\"abc\")", "\"900150983cd24fb0d6963f7d28e17f72\"")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::text_or_bytes(args, 0)?;
    Ok(rules::result(args, Base::String))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let x = encoded::input(call)?;
    Ok(Typed::of_text(move |row| {
        let digest = Md5::digest(x(row)?);
        Some(encoded::hex(row, &digest))
    }))
}
