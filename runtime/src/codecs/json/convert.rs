//! The value in a slot as a datum of its type. Lists, maps and records are [`nested`](super::nested).

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_expr::convert::{read_decimal, read_float, read_int_number};
use pipewright_plan::Base;

use super::number::number_end;
use super::scan::{Kind, MOST_LEVELS, Slot, space, value};
use super::spec::Numbers;
use super::text::{string_end, unescape};
use crate::codecs::cell::{int32, read_text};
use crate::codecs::problem::Misfit;

/// The value of a slot that is neither missing nor null.
#[inline]
pub(super) fn leaf<'b>(
    slot: Slot,
    payload: &'b str,
    base: &Base,
    numbers: Numbers,
    arena: &'b Bump,
) -> Result<Datum<'b>, Misfit> {
    let number = matches!(slot.kind, Kind::Integer | Kind::Number);
    Ok(match base {
        Base::String => Datum::Text(string(slot, payload, arena)?),
        Base::Int64 if number => Datum::Int(read_int_number(slot.text(payload).as_bytes())?),
        Base::Int32 if number => Datum::Int(int32(read_int_number(slot.text(payload).as_bytes())?)?),
        Base::Decimal { precision, scale } if number => {
            Datum::Decimal(read_decimal(slot.text(payload).as_bytes(), *precision, *scale)?)
        }
        Base::Float64 if number => Datum::Float(read_float(slot.text(payload).as_bytes())?),
        Base::Bool if slot.kind == Kind::True => Datum::Bool(true),
        Base::Bool if slot.kind == Kind::False => Datum::Bool(false),
        Base::Json => Datum::Text(compact(slot.verbatim(payload), arena)),
        Base::Set(_)
        | Base::Bytes
        | Base::Uuid
        | Base::Date
        | Base::Time
        | Base::Timestamp
        | Base::LocalTimestamp
        | Base::Duration => read_text(string(slot, payload, arena)?, base, arena)?,
        Base::Int32 | Base::Int64 | Base::Float64 | Base::Decimal { .. } => {
            quoted(slot, payload, base, numbers, arena)?
        }
        Base::Bool | Base::List(_) | Base::Map(_) | Base::Record(_) | Base::Null | Base::Unknown => {
            return Err(Misfit::Kind);
        }
    })
}

/// A number in quotes. What is in them must be what JSON has for a number.
fn quoted<'b>(
    slot: Slot,
    payload: &'b str,
    base: &Base,
    numbers: Numbers,
    arena: &'b Bump,
) -> Result<Datum<'b>, Misfit> {
    let text = string(slot, payload, arena)?;
    if !matches!(number_end(text.as_bytes(), 0), Ok((end, _)) if end == text.len()) {
        return Err(Misfit::Kind);
    }
    match numbers {
        Numbers::Text => read_text(text, base, arena),
        Numbers::Plain => Err(Misfit::Quoted),
    }
}

/// The text of a string slot, its escapes resolved.
#[inline]
pub(super) fn string<'b>(slot: Slot, payload: &'b str, arena: &'b Bump) -> Result<&'b str, Misfit> {
    match slot.kind {
        Kind::Text => Ok(slot.text(payload)),
        Kind::Escaped => {
            let text = slot.text(payload);
            let mut out = bumpalo::collections::String::with_capacity_in(text.len(), arena);
            unescape(text, &mut out).map_err(|_| Misfit::Kind)?;
            Ok(out.into_bump_str())
        }
        _ => Err(Misfit::Kind),
    }
}

/// Valid JSON without the space between its tokens; strings and numbers stay as they are written.
fn compact<'b>(json: &'b str, arena: &'b Bump) -> &'b str {
    let bytes = json.as_bytes();
    let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    if !matches!(bytes.first(), Some(b'{' | b'[')) || !bytes.iter().any(blank) {
        return json;
    }
    let mut out = bumpalo::collections::String::with_capacity_in(json.len(), arena);
    let (mut from, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1).map_or(bytes.len(), |(end, _)| end + 1),
            byte if blank(byte) => {
                out.push_str(json.get(from..at).unwrap_or_default());
                at = space(bytes, at);
                from = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(json.get(from..).unwrap_or_default());
    out.into_bump_str()
}

/// A text that should be one JSON value, checked and made compact. `None`: it is not.
pub(crate) fn json_text<'b>(text: &'b str, arena: &'b Bump) -> Option<&'b str> {
    let bytes = text.as_bytes();
    let (slot, end) = value(bytes, space(bytes, 0), MOST_LEVELS).ok()?;
    (space(bytes, end) == bytes.len()).then(|| compact(slot.verbatim(text), arena))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codecs::json::samples;

    proptest! {
        #[test]
        fn compact_json_is_the_same_json(json in samples::object()) {
            let arena = Bump::new();
            let compacted = json_text(&json, &arena).unwrap();
            let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            prop_assert_eq!(read(&json), read(compacted));
            prop_assert_eq!(json_text(compacted, &arena).unwrap().len(), compacted.len());
        }
    }

    #[test]
    fn space_goes_and_strings_stay() {
        let arena = Bump::new();
        assert_eq!(json_text(" { \"a b\" : [ 1 , \"\\\" }\" ] } ", &arena), Some(r#"{"a b":[1,"\" }"]}"#));
        assert_eq!(json_text(" \"a b\" ", &arena), Some("\"a b\""));
        assert_eq!(json_text("1 2", &arena), None);
    }
}
