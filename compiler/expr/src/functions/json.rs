//! `json(x)`, `try_json(x)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, takes};
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::shown;
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "json",
    group: Group::Conversion,
    doc: "Untyped JSON from a string that holds JSON. To make JSON of a value, also of a string, use `to_json`.",
    params: &[Param::required("x")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("string(json(\"{ \\\"a\\\": 1 }\"))", "\"{\\\"a\\\":1}\""),
        Example::new("json(\"{\")", "error"),
    ],
    ..Function::PURE
};

/// `json(x)`
pub static FUNCTION: Function = CAST;

/// `try_json(x)`
pub static TRY: Function = Function {
    name: "try_json",
    doc: "As `json`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[Example::new("try_json(\"{\")", "null")],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Json, Base::is_text)?;
    Ok(if attempt { rules::optional(args, Base::Json) } else { rules::result(args, Base::Json) })
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    let already = call.base(0) == Base::Json;
    let text = call.text(0)?;
    if already {
        return Ok(Typed::of_text(text));
    }
    Ok(Typed::of_text(move |row| {
        let text = text(row)?;
        match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Some(compact(row, text)),
            Err(error) => cast.refuse(row, || format!("`{}` is not JSON: {error}", shown(text))),
        }
    }))
}

/// The valid JSON without white space between its parts.
pub(super) fn compact<'b>(row: &crate::Row<'b>, text: &'b str) -> &'b str {
    let space = |byte: u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    if !text.bytes().any(space) {
        return text;
    }
    row.written(|out| {
        let (mut quoted, mut escaped) = (false, false);
        for byte in text.bytes() {
            if !quoted && space(byte) {
                continue;
            }
            out.push(byte);
            match byte {
                b'"' if !escaped => quoted = !quoted,
                b'\\' if !escaped => {
                    escaped = true;
                    continue;
                }
                _ => {}
            }
            escaped = false;
        }
    })
}
