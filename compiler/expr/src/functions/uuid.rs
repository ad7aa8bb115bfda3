//! `uuid(x)`, `try_uuid(x)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::read_uuid;
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "uuid",
    group: Group::Conversion,
    doc: "A UUID from a string, with hyphens or without, or from 16 bytes.",
    params: &[Param::required("x")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("string(uuid(\"67E5504410B1426F9247BB680E5FE0C8\"))", "\"67e55044-10b1-426f-9247-bb680e5fe0c8\""),
        Example::new("uuid(\"67e55044\")", "error"),
    ],
    ..Function::PURE
};

/// `uuid(x)`
pub static FUNCTION: Function = CAST;

/// `try_uuid(x)`
pub static TRY: Function = Function {
    name: "try_uuid",
    doc: "As `uuid`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[Example::new("try_uuid(\"67e55044\")", "null")],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Uuid, |from| textual(from) || *from == Base::Bytes)?;
    Ok(cast_type(args, Base::Uuid, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    if textual(&call.base(0)) {
        let text = text_input(call)?;
        return Ok(Typed::of_bytes(move |row| {
            let text = text(row)?;
            let bytes = cast.finish(row, text, read_uuid(text.as_bytes()))?;
            Some(&*row.arena.alloc_slice_copy(&bytes))
        }));
    }
    let bytes = call.bytes(0)?;
    Ok(Typed::of_bytes(move |row| {
        let bytes = bytes(row)?;
        if bytes.len() == 16 {
            Some(bytes)
        } else {
            cast.refuse(row, || format!("a uuid has 16 bytes, not {}", bytes.len()))
        }
    }))
}
