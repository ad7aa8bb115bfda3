//! `string(x)`, `try_string(x)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input};
use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::{
    write_bool, write_date, write_decimal, write_duration, write_float, write_int, write_local_timestamp, write_time,
    write_timestamp, write_uuid,
};
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "string",
    group: Group::Conversion,
    doc: "A value as text: dates and times in ISO 8601, decimals with all digits of their scale, durations as `1h30m`. \
          Bytes must be UTF-8. Of JSON, a string gives what is between its quotes, anything else its JSON text.",
    params: &[Param::required("x")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("string(12)", "\"12\""),
        Example::new("string(12.50)", "\"12.50\""),
        Example::new("string(true)", "\"true\""),
        Example::new("string(@2026-01-01T10:00:00Z)", "\"2026-01-01T10:00:00Z\""),
        Example::new("string(90m)", "\"1h30m\""),
        Example::new("string(hex_decode(\"ff\"))", "error"),
    ],
    ..Function::PURE
};

/// `string(x)`
pub static FUNCTION: Function = CAST;

/// `try_string(x)`
pub static TRY: Function = Function {
    name: "try_string",
    doc: "As `string`, but null for bytes that are not UTF-8.",
    typing: |args| typing(args, true),
    examples: &[
        Example::new("try_string(hex_decode(\"ff\"))", "null"),
        Example::new("try_string(bytes(\"a\"))", "\"a\""),
    ],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::String, |from| !matches!(from, Base::List(_) | Base::Map(_) | Base::Record(_)))?;
    Ok(cast_type(args, Base::String, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    let base = call.base(0);
    if base == Base::Json {
        return Ok(Typed::of_text(text_input(call)?));
    }
    Ok(match call.typed(0)? {
        Typed::Text(source) => Typed::Text(source),
        Typed::Bool(source) => Typed::of_text(move |row| {
            let value = source.get(row)?;
            Some(row.written(|out| write_bool(value, out)))
        }),
        Typed::Int(source) => Typed::of_text(move |row| {
            let value = source.get(row)?;
            Some(row.written(|out| match base {
                Base::Date => write_date(value as i32, out),
                Base::Time => write_time(value, out),
                Base::Timestamp => write_timestamp(value, out),
                Base::LocalTimestamp => write_local_timestamp(value, out),
                Base::Duration => write_duration(value, out),
                _ => write_int(value, out),
            }))
        }),
        Typed::Float(source) => Typed::of_text(move |row| {
            let value = source.get(row)?;
            Some(row.written(|out| write_float(value, out)))
        }),
        Typed::Decimal(source) => {
            let scale = if let Base::Decimal { scale, .. } = base { scale } else { 0 };
            Typed::of_text(move |row| {
                let value = source.get(row)?;
                Some(row.written(|out| write_decimal(value, scale, out)))
            })
        }
        Typed::Bytes(source) if base == Base::Uuid => Typed::of_text(move |row| {
            let bytes = source.get(row)?;
            Some(row.written(|out| write_uuid(bytes, out)))
        }),
        Typed::Bytes(source) => Typed::of_text(move |row| {
            let bytes = source.get(row)?;
            match std::str::from_utf8(bytes) {
                Ok(text) => Some(text),
                Err(_) => cast.refuse(row, || {
                    let start: String = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
                    format!("the bytes `{start}` are not UTF-8")
                }),
            }
        }),
    })
}
