//! JSON text to a typed value and back: the one form that nested values have inside.
//!
//! Instants, dates and the like are strings in ISO 8601, durations as in programs, bytes in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;
use pipewright_plan::{Base, Type};

use super::scan::{is_null, unquote};
use crate::Datum;
use crate::convert::{
    ConvertError, Finer, Out, read_date, read_decimal, read_duration, read_float, read_int_number,
    read_local_timestamp, read_time, read_timestamp, read_uuid, write_date, write_decimal, write_duration, write_float,
    write_int, write_json_string, write_local_timestamp, write_time, write_timestamp, write_uuid,
};

/// Reads one JSON value as that type.
pub fn read_json<'b>(raw: &'b str, base: &Base, arena: &'b Bump) -> Result<Datum<'b>, ConvertError> {
    if is_null(raw) {
        return Ok(Datum::Null);
    }
    let string = || unquote(raw, arena).ok_or(ConvertError::Malformed);
    let bytes = raw.as_bytes();
    Ok(match base {
        Base::Bool => match raw {
            "true" => Datum::Bool(true),
            "false" => Datum::Bool(false),
            _ => return Err(ConvertError::Malformed),
        },
        Base::Int64 => Datum::Int(read_int_number(bytes)?),
        Base::Int32 => {
            let value = read_int_number(bytes)?;
            Datum::Int(i32::try_from(value).map_err(|_| ConvertError::OutOfRange)?.into())
        }
        Base::Float64 => Datum::Float(read_float(bytes)?),
        Base::Decimal { precision, scale } => Datum::Decimal(read_decimal(bytes, *precision, *scale)?),
        Base::String => Datum::Text(string()?),
        Base::Set(members) => {
            let text = string()?;
            if !members.iter().any(|member| member == text) {
                return Err(ConvertError::OutOfRange);
            }
            Datum::Text(text)
        }
        Base::Bytes => {
            let decoded = STANDARD.decode(string()?).map_err(|_| ConvertError::Malformed)?;
            Datum::Bytes(arena.alloc_slice_copy(&decoded))
        }
        Base::Uuid => Datum::Bytes(arena.alloc_slice_copy(&read_uuid(string()?.as_bytes())?)),
        Base::Date => Datum::Int(read_date(string()?.as_bytes())?.into()),
        Base::Time => Datum::Int(read_time(string()?.as_bytes())?),
        Base::Timestamp => Datum::Int(read_timestamp(string()?.as_bytes(), Finer::Refuse)?),
        Base::LocalTimestamp => Datum::Int(read_local_timestamp(string()?.as_bytes(), Finer::Refuse)?),
        Base::Duration => Datum::Int(read_duration(string()?.as_bytes())?),
        Base::Json | Base::Unknown => Datum::Text(raw),
        Base::List(_) if raw.starts_with('[') => Datum::Text(raw),
        Base::Map(_) | Base::Record(_) if raw.starts_with('{') => Datum::Text(raw),
        Base::List(_) | Base::Map(_) | Base::Record(_) => return Err(ConvertError::Malformed),
        Base::Null => Datum::Null,
    })
}

/// Writes a value of that type as JSON. NaN and infinities, which JSON has not, become null.
pub fn write_json(value: Datum<'_>, ty: &Type, out: &mut impl Out) {
    match (value, &ty.base) {
        (Datum::Null, _) => out.put(b"null"),
        (Datum::Bool(value), _) => crate::convert::write_bool(value, out),
        (Datum::Int(value), Base::Date) => quoted(out, |out| write_date(value as i32, out)),
        (Datum::Int(value), Base::Time) => quoted(out, |out| write_time(value, out)),
        (Datum::Int(value), Base::Timestamp) => quoted(out, |out| write_timestamp(value, out)),
        (Datum::Int(value), Base::LocalTimestamp) => quoted(out, |out| write_local_timestamp(value, out)),
        (Datum::Int(value), Base::Duration) => quoted(out, |out| write_duration(value, out)),
        (Datum::Int(value), _) => write_int(value, out),
        (Datum::Float(value), _) if value.is_finite() => write_float(value, out),
        (Datum::Float(_), _) => out.put(b"null"),
        (Datum::Decimal(value), Base::Decimal { scale, .. }) => write_decimal(value, *scale, out),
        (Datum::Decimal(value), _) => write_decimal(value, 0, out),
        (Datum::Text(text), Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_)) => out.put(text.as_bytes()),
        (Datum::Text(text), _) => write_json_string(text, out),
        (Datum::Bytes(bytes), Base::Uuid) => quoted(out, |out| write_uuid(bytes, out)),
        (Datum::Bytes(bytes), _) => quoted(out, |out| write_base64(bytes, out)),
    }
}

fn quoted<O: Out>(out: &mut O, write: impl FnOnce(&mut O)) {
    out.put(b"\"");
    write(out);
    out.put(b"\"");
}

/// Base64 in pieces, so that no buffer is needed.
pub(crate) fn write_base64(bytes: &[u8], out: &mut impl Out) {
    let mut buffer = [0u8; 64];
    for piece in bytes.chunks(48) {
        // 48 bytes fill the buffer exactly.
        let length = STANDARD.encode_slice(piece, &mut buffer).unwrap_or(0);
        out.put(buffer.get(..length).unwrap_or_default());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn every_type_round_trips() {
        let arena = Bump::new();
        for (base, value, text) in [
            (Base::Bool, Datum::Bool(true), "true"),
            (Base::Int64, Datum::Int(-5), "-5"),
            (Base::Float64, Datum::Float(1.5), "1.5"),
            (Base::Decimal { precision: 12, scale: 2 }, Datum::Decimal(1250), "12.50"),
            (Base::String, Datum::Text("a\"b\n"), r#""a\"b\n""#),
            (Base::Bytes, Datum::Bytes(b"hello"), r#""aGVsbG8=""#),
            (Base::Date, Datum::Int(1), r#""1970-01-02""#),
            (Base::Time, Datum::Int(1_000_000), r#""00:00:01""#),
            (Base::Timestamp, Datum::Int(1), r#""1970-01-01T00:00:00.000001Z""#),
            (Base::LocalTimestamp, Datum::Int(0), r#""1970-01-01T00:00:00""#),
            (Base::Duration, Datum::Int(5_400_000_000), r#""1h30m""#),
            (Base::Uuid, Datum::Bytes(&[7; 16]), r#""07070707-0707-0707-0707-070707070707""#),
            (Base::List(Box::new(Base::Int64.required())), Datum::Text("[1,2]"), "[1,2]"),
            (Base::String, Datum::Null, "null"),
        ] {
            let mut out = Vec::new();
            write_json(value, &base.clone().optional(), &mut out);
            assert_eq!(std::str::from_utf8(&out).unwrap(), text);
            assert_eq!(read_json(text, &base, &arena), Ok(value), "{base}");
        }
        assert_eq!(read_json("\"x\"", &Base::Int64, &arena), Err(ConvertError::Malformed));
        assert_eq!(read_json("5000000000", &Base::Int32, &arena), Err(ConvertError::OutOfRange));
        assert_eq!(read_json("5", &Base::List(Box::new(Base::Int64.required())), &arena), Err(ConvertError::Malformed));
        let mut out = Vec::new();
        write_base64(&[9; 100], &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), STANDARD.encode([9; 100]));
    }
}
