//! What digests and encodings have in common: bytes of text or of bytes, hexadecimal digits out.

use crate::compile::{CallSite, EvalBytes, Typed};
use crate::{CompileError, Row};

/// The bytes of the first argument, which may be a string.
pub fn input(call: &mut CallSite<'_, '_>) -> Result<EvalBytes, CompileError> {
    match call.typed(0)? {
        Typed::Bytes(source) => Ok(source.into_fn()),
        Typed::Text(source) => Ok(Box::new(move |row| source.get(row).map(str::as_bytes))),
        _ => Err(call.error("expected a string or bytes")),
    }
}

/// Hexadecimal digits, lower case.
pub fn hex<'b>(row: &Row<'b>, bytes: &[u8]) -> &'b str {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    let mut out = row.string(bytes.len() * 2);
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 15));
    }
    out.into_bump_str()
}
