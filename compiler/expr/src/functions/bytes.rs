//! `bytes(x)`, `try_bytes(x)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::takes;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "bytes",
    group: Group::Conversion,
    doc: "The UTF-8 bytes of a string, or the 16 bytes of a UUID. For encoded bytes see `hex_decode`, `base64_decode`.",
    params: &[Param::required("x")],
    typing: |args| typing(args, false),
    compile,
    examples: &[Example::new("hex_encode(bytes(\"AB\"))", "\"4142\"")],
    ..Function::PURE
};

/// `bytes(x)`
pub static FUNCTION: Function = CAST;

/// `try_bytes(x)`
pub static TRY: Function = Function {
    name: "try_bytes",
    doc: "As `bytes`. It never fails; it is there because every cast has such a form.",
    typing: |args| typing(args, true),
    examples: &[Example::new("hex_encode(try_bytes(\"AB\"))", "\"4142\"")],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Bytes, |from| from.is_text() || *from == Base::Uuid)?;
    Ok(if attempt { rules::optional(args, Base::Bytes) } else { rules::result(args, Base::Bytes) })
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    match call.typed(0)? {
        Typed::Bytes(source) => Ok(Typed::Bytes(source)),
        Typed::Text(source) => Ok(Typed::of_bytes(move |row| source.get(row).map(str::as_bytes))),
        _ => Err(call.error("no cast from this type")),
    }
}
