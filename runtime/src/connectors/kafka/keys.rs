//! Message keys: values to bytes and back. Equal key fields give equal bytes, so they meet in one partition, whoever writes them.
//!
//! | parts | bytes |
//! |---|---|
//! | one | its text, UTF-8 without quotes: `10`, `12.50`, `true`, `DE`, `2026-11-23`, `2026-11-23T10:00:00Z`, a uuid with hyphens; `bytes` as they are |
//! | several | a JSON array without spaces: numbers and bools bare, everything else as the string above, `bytes` in base64 |

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;
use pipewright_expr::{Datum, convert};
use pipewright_plan::{Base, Type};
use serde_json::value::RawValue;

/// Appends the key of these parts. A part that is null is no key: the message says which.
pub fn encode(values: &[Datum<'_>], types: &[Type], out: &mut Vec<u8>) -> Result<(), String> {
    if let Some(at) = values.iter().position(|it| *it == Datum::Null) {
        return Err(format!("part {} is null", at + 1));
    }
    match (values, types) {
        ([Datum::Bytes(bytes)], [ty]) if ty.base != Base::Uuid => out.extend_from_slice(bytes),
        ([one], [ty]) => write(one, &ty.base, out),
        _ => {
            out.push(b'[');
            for (index, (value, ty)) in values.iter().zip(types).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_json(value, &ty.base, out);
            }
            out.push(b']');
        }
    }
    Ok(())
}

fn bare(base: &Base) -> bool {
    matches!(base, Base::Bool | Base::Int32 | Base::Int64 | Base::Float64 | Base::Decimal { .. })
}

fn write_json(value: &Datum<'_>, base: &Base, out: &mut Vec<u8>) {
    match value {
        Datum::Text(text) => convert::write_json_string(text, out),
        _ if bare(base) => write(value, base, out),
        _ => {
            out.push(b'"');
            write(value, base, out);
            out.push(b'"');
        }
    }
}

/// A value as bare text.
fn write(value: &Datum<'_>, base: &Base, out: &mut Vec<u8>) {
    match (value, base) {
        (Datum::Null, _) => {}
        (Datum::Bool(it), _) => convert::write_bool(*it, out),
        (Datum::Int(days), Base::Date) => convert::write_date(i32::try_from(*days).unwrap_or(i32::MAX), out),
        (Datum::Int(us), Base::Time) => convert::write_time(*us, out),
        (Datum::Int(us), Base::Timestamp) => convert::write_timestamp(*us, out),
        (Datum::Int(us), Base::LocalTimestamp) => convert::write_local_timestamp(*us, out),
        (Datum::Int(us), Base::Duration) => convert::write_duration(*us, out),
        (Datum::Int(it), _) => convert::write_int(*it, out),
        // Zero has one key, whatever its sign.
        (Datum::Float(it), _) => convert::write_float(*it + 0.0, out),
        (Datum::Decimal(unscaled), Base::Decimal { scale, .. }) => convert::write_decimal(*unscaled, *scale, out),
        (Datum::Decimal(unscaled), _) => convert::write_decimal(*unscaled, 0, out),
        (Datum::Text(text), _) => out.extend_from_slice(text.as_bytes()),
        (Datum::Bytes(bytes), Base::Uuid) => convert::write_uuid(bytes, out),
        (Datum::Bytes(bytes), _) => out.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
    }
}

/// Reads a key back into its parts: a tombstone has nothing else.
pub fn decode<'b>(key: &'b [u8], types: &[Type], arena: &'b Bump) -> Result<Vec<Datum<'b>>, String> {
    match types {
        [ty] if ty.base == Base::Bytes => Ok(vec![Datum::Bytes(key)]),
        [ty] => Ok(vec![read(text_of(key)?, &ty.base, arena)?]),
        _ => {
            let parts: Vec<&RawValue> = serde_json::from_slice(key).map_err(|_| {
                format!("the key `{}` is not a JSON array", convert::shown(&String::from_utf8_lossy(key)))
            })?;
            if parts.len() != types.len() {
                return Err(format!("the key has {} parts, expected {}", parts.len(), types.len()));
            }
            let part = |(raw, ty): (&&'b RawValue, &Type)| {
                let raw: &'b str = raw.get();
                let text: &'b str = if raw.starts_with('"') {
                    let text: String = serde_json::from_str(raw).map_err(|error| error.to_string())?;
                    arena.alloc_str(&text)
                } else {
                    raw
                };
                match ty.base {
                    Base::Bytes => {
                        let bytes = STANDARD.decode(text).map_err(|_| format!("`{text}` is not base64"))?;
                        Ok(Datum::Bytes(arena.alloc_slice_copy(&bytes)))
                    }
                    _ => read(text, &ty.base, arena),
                }
            };
            parts.iter().zip(types).map(part).collect()
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "the key is not valid UTF-8".into())
}

fn read<'b>(text: &'b str, base: &Base, arena: &'b Bump) -> Result<Datum<'b>, String> {
    let bytes = text.as_bytes();
    let finer = convert::Finer::Refuse;
    let value = match base {
        Base::Bool => convert::read_bool(bytes).map(Datum::Bool),
        Base::Int32 | Base::Int64 => convert::read_int(bytes).map(Datum::Int),
        Base::Float64 => convert::read_float(bytes).map(Datum::Float),
        Base::Decimal { precision, scale } => convert::read_decimal(bytes, *precision, *scale).map(Datum::Decimal),
        Base::Date => convert::read_date(bytes).map(|it| Datum::Int(it.into())),
        Base::Time => convert::read_time(bytes).map(Datum::Int),
        Base::Timestamp => convert::read_timestamp(bytes, finer).map(Datum::Int),
        Base::LocalTimestamp => convert::read_local_timestamp(bytes, finer).map(Datum::Int),
        Base::Duration => convert::read_duration(bytes).map(Datum::Int),
        Base::Uuid => convert::read_uuid(bytes).map(|it| Datum::Bytes(arena.alloc_slice_copy(&it))),
        Base::Set(members) if !members.iter().any(|it| it == text) => {
            return Err(format!("`{}` is not one of {}", convert::shown(text), base));
        }
        Base::String | Base::Set(_) | Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_) => {
            Ok(Datum::Text(text))
        }
        Base::Bytes | Base::Null | Base::Unknown => return Err(format!("a key cannot be of type `{base}`")),
    };
    value.map_err(|error| error.reason(bytes, &base.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    fn key(parts: &[(Datum<'_>, Base)]) -> String {
        let (values, types): (Vec<_>, Vec<_>) =
            parts.iter().cloned().map(|(value, base)| (value, base.required())).unzip();
        let mut out = vec![];
        encode(&values, &types, &mut out).unwrap();
        let arena = Bump::new();
        assert_eq!(decode(&out, &types, &arena).unwrap(), values, "read back");
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_part_is_text_and_comes_back() {
        let decimal = |scale| Base::Decimal { precision: 38, scale };
        for (value, base, text) in [
            (Datum::Int(10), Base::Int32, "10"),
            (Datum::Text("DE \"x\""), Base::String, "DE \"x\""),
            (Datum::Bool(true), Base::Bool, "true"),
            (Datum::Decimal(-5), decimal(2), "-0.05"),
            (Datum::Decimal(1250), decimal(2), "12.50"),
            (Datum::Decimal(7), decimal(0), "7"),
            (Datum::Int(0), Base::Date, "1970-01-01"),
            (Datum::Int(20_780), Base::Date, "2026-11-23"),
            (Datum::Int(1_000_500_000), Base::Timestamp, "1970-01-01T00:16:40.5Z"),
            (Datum::Bytes(&[0x12; 16]), Base::Uuid, "12121212-1212-1212-1212-121212121212"),
            (Datum::Bytes(b"raw"), Base::Bytes, "raw"),
        ] {
            assert_eq!(key(&[(value, base)]), text);
        }
    }

    #[test]
    fn several_parts_are_a_json_array_and_come_back() {
        let parts = [
            (Datum::Int(10), Base::Int64),
            (Datum::Text("a\"b\n"), Base::String),
            (Datum::Decimal(1250), Base::Decimal { precision: 10, scale: 2 }),
            (Datum::Int(0), Base::Date),
            (Datum::Bytes(b"raw"), Base::Bytes),
        ];
        assert_eq!(key(&parts), r#"[10,"a\"b\n",12.50,"1970-01-01","cmF3"]"#);
    }

    #[test]
    fn a_null_part_is_no_key() {
        let types = [Base::Int32.optional()];
        assert_eq!(encode(&[Datum::Null], &types, &mut vec![]).unwrap_err(), "part 1 is null");
    }
}
