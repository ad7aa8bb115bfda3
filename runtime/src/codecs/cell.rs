//! One value as text, for the types that formats without types of their own write as text: times, UUIDs, bytes, closed
//! sets; in CSV all of them. The conversions are the expression package's, so casts and codecs agree.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_expr::convert::{
    Finer, Out, read_bool, read_date, read_decimal, read_duration, read_float, read_int_number, read_local_timestamp,
    read_time, read_timestamp, read_uuid, write_bool, write_date, write_decimal, write_duration, write_float,
    write_int, write_local_timestamp, write_time, write_timestamp, write_uuid,
};
use pipewright_plan::Base;

use super::problem::Misfit;

/// The value of a text. Lists, maps, records and `json` are not text; they are refused.
pub(super) fn read_text<'b>(text: &'b str, base: &Base, arena: &'b Bump) -> Result<Datum<'b>, Misfit> {
    let bytes = text.as_bytes();
    Ok(match base {
        Base::Bool => Datum::Bool(read_bool(bytes)?),
        Base::Int32 => Datum::Int(int32(read_int_number(bytes)?)?),
        Base::Int64 => Datum::Int(read_int_number(bytes)?),
        Base::Float64 => Datum::Float(read_float(bytes)?),
        Base::Decimal { precision, scale } => Datum::Decimal(read_decimal(bytes, *precision, *scale)?),
        Base::String => Datum::Text(text),
        Base::Set(members) => match members.iter().any(|member| member == text) {
            true => Datum::Text(text),
            false => return Err(Misfit::Kind),
        },
        Base::Bytes => {
            let room = arena.alloc_slice_fill_copy(base64::decoded_len_estimate(bytes.len()), 0u8);
            let length =
                STANDARD.decode_slice(bytes, room).map_err(|_| Misfit::Because("it is not base64".to_string()))?;
            Datum::Bytes(room.get(..length).unwrap_or_default())
        }
        Base::Uuid => Datum::Bytes(arena.alloc(read_uuid(bytes)?)),
        Base::Date => Datum::Int(i64::from(read_date(bytes)?)),
        Base::Time => Datum::Int(read_time(bytes)?),
        Base::Timestamp => Datum::Int(read_timestamp(bytes, Finer::Refuse)?),
        Base::LocalTimestamp => Datum::Int(read_local_timestamp(bytes, Finer::Refuse)?),
        Base::Duration => Datum::Int(read_duration(bytes)?),
        Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_) | Base::Null | Base::Unknown => {
            return Err(Misfit::Kind);
        }
    })
}

/// The value, if an `int32` holds it.
pub(super) fn int32(value: i64) -> Result<i64, Misfit> {
    i32::try_from(value).map(i64::from).map_err(|_| Misfit::Convert(pipewright_expr::convert::ConvertError::OutOfRange))
}

/// Writes a value as text, without quotes; JSON text as it is. False: the value is none of that type, a bug of the caller.
pub(super) fn write_text(value: Datum<'_>, base: &Base, out: &mut impl Out) -> bool {
    match (base, value) {
        (Base::Bool, Datum::Bool(it)) => write_bool(it, out),
        (Base::Int32 | Base::Int64, Datum::Int(it)) => write_int(it, out),
        (Base::Float64, Datum::Float(it)) => write_float(it, out),
        (Base::Decimal { scale, .. }, Datum::Decimal(it)) => write_decimal(it, *scale, out),
        (Base::Bytes, Datum::Bytes(it)) => write_base64(it, out),
        (Base::Uuid, Datum::Bytes(it)) => write_uuid(it, out),
        (Base::Date, Datum::Int(it)) => match i32::try_from(it) {
            Ok(days) => write_date(days, out),
            Err(_) => return false,
        },
        (Base::Time, Datum::Int(it)) => write_time(it, out),
        (Base::Timestamp, Datum::Int(it)) => write_timestamp(it, out),
        (Base::LocalTimestamp, Datum::Int(it)) => write_local_timestamp(it, out),
        (Base::Duration, Datum::Int(it)) => write_duration(it, out),
        (
            Base::String | Base::Set(_) | Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_),
            Datum::Text(it),
        ) => out.put(it.as_bytes()),
        _ => return false,
    }
    true
}

/// Base64 piece by piece: 48 bytes are 64 characters.
fn write_base64(bytes: &[u8], out: &mut impl Out) {
    let mut room = [0u8; 64];
    for piece in bytes.chunks(48) {
        if let Ok(length) = STANDARD.encode_slice(piece, &mut room) {
            out.put(room.get(..length).unwrap_or_default());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn base64_in_pieces_is_base64(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut written = Vec::new();
            write_base64(&bytes, &mut written);
            let written = String::from_utf8(written).unwrap();
            prop_assert_eq!(&written, &STANDARD.encode(&bytes));
            let arena = Bump::new();
            prop_assert_eq!(read_text(&written, &Base::Bytes, &arena), Ok(Datum::Bytes(&bytes)));
        }
    }

    #[test]
    fn a_value_of_another_type_is_not_written() {
        let mut out = Vec::new();
        assert!(!write_text(Datum::Int(1), &Base::String, &mut out));
        assert!(!write_text(Datum::Null, &Base::Int64, &mut out));
        assert!(out.is_empty());
    }
}
