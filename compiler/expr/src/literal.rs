//! A constant as a program writes it.

use pipewright_plan::{Base, Literal, Type};

use crate::compile::{datum, literal};
use crate::convert::{
    write_date, write_decimal, write_duration, write_json_string, write_local_timestamp, write_time, write_timestamp,
    write_uuid,
};
use crate::nested::{read_json, write_json};
use crate::{Datum, nested};

/// A constant as JSON text of that type. `None`: a float that JSON has no text for.
pub fn literal_to_json(value: &Literal, ty: &Type) -> Option<String> {
    let value = datum(value)?;
    if matches!(value, Datum::Float(value) if !value.is_finite()) {
        return None;
    }
    Some(written(|out| write_json(value, ty, out)))
}

/// What [`literal_to_json`] wrote.
pub fn literal_from_json(json: &str, ty: &Type) -> Option<Literal> {
    let arena = bumpalo::Bump::new();
    read_json(json, &ty.base, &arena).ok().map(literal)
}

/// The text of a constant of that type: `12.50`, `@2026-01-01T10:00:00Z`, `"paid"`, `[1, 2]`.
pub fn literal_text(literal: &Literal, ty: &Type) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => match &ty.base {
            Base::Date => written(|out| {
                out.push(b'@');
                write_date(*value as i32, out);
            }),
            Base::Time => written(|out| {
                out.push(b'@');
                write_time(*value, out);
            }),
            Base::Timestamp => written(|out| {
                out.push(b'@');
                write_timestamp(*value, out);
            }),
            Base::LocalTimestamp => written(|out| {
                out.push(b'@');
                write_local_timestamp(*value, out);
            }),
            Base::Duration => written(|out| write_duration(*value, out)),
            _ => value.to_string(),
        },
        // Always with an exponent: without one it would be a decimal.
        Literal::Float(value) if value.is_finite() => format!("{value:e}"),
        Literal::Float(value) => value.to_string(),
        Literal::Decimal(text) => match (text.parse(), &ty.base) {
            (Ok(unscaled), Base::Decimal { scale, .. }) => written(|out| write_decimal(unscaled, *scale, out)),
            _ => text.clone(),
        },
        Literal::Text(text) => match &ty.base {
            Base::List(_) | Base::Map(_) | Base::Record(_) => nested_text(text, ty),
            Base::Json => format!("json({})", quoted(text)),
            _ => quoted(text),
        },
        Literal::Bytes(bytes) if ty.base == Base::Uuid => {
            format!("uuid({})", quoted(&written(|out| write_uuid(bytes, out))))
        }
        Literal::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => format!("bytes({})", quoted(text)),
            Err(_) => format!("hex_decode({})", quoted(&hex::encode(bytes))),
        },
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// The language has the escapes of JSON.
fn quoted(text: &str) -> String {
    written(|out| write_json_string(text, out))
}

fn nested_text(raw: &str, ty: &Type) -> String {
    if nested::is_null(raw) {
        return "null".to_owned();
    }
    match &ty.base {
        Base::List(element) => {
            let items: Vec<String> = nested::Elements::new(raw).map(|item| nested_text(item, element)).collect();
            format!("[{}]", items.join(", "))
        }
        Base::Map(value) => {
            let items: Vec<String> =
                nested::Members::new(raw).map(|(key, item)| format!("{key}: {}", nested_text(item, value))).collect();
            format!("{{ {} }}", items.join(", "))
        }
        Base::Record(fields) => {
            let items: Vec<String> = fields
                .iter()
                .map(|field| {
                    let value = nested::member(raw, &field.name).unwrap_or("null");
                    format!("{} = {}", field.name, nested_text(value, &field.ty))
                })
                .collect();
            format!("{{ {} }}", items.join(", "))
        }
        base => {
            let arena = bumpalo::Bump::new();
            match read_json(raw, base, &arena) {
                Ok(Datum::Null) | Err(_) => raw.to_owned(),
                Ok(value) => literal_text(&literal(value), ty),
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_plan::Field;

    use super::*;

    #[test]
    fn as_a_program_writes_it() {
        let decimal = Base::Decimal { precision: 12, scale: 2 };
        let record =
            Base::Record(vec![Field::new("a", Base::Int64.required()), Field::new("b", Base::String.optional())]);
        for (literal, base, text) in [
            (Literal::Null, Base::Int64, "null"),
            (Literal::Bool(true), Base::Bool, "true"),
            (Literal::Int(-5), Base::Int64, "-5"),
            (Literal::Int(0), Base::Date, "@1970-01-01"),
            (Literal::Int(36_000_000_000), Base::Time, "@10:00:00"),
            (Literal::Int(1_500_000), Base::Timestamp, "@1970-01-01T00:00:01.5Z"),
            (Literal::Int(0), Base::LocalTimestamp, "@1970-01-01T00:00:00"),
            (Literal::Int(5_400_000_000), Base::Duration, "1h30m"),
            (Literal::Float(12.5), Base::Float64, "1.25e1"),
            (Literal::Decimal("-1250".into()), decimal.clone(), "-12.50"),
            (Literal::Text("a\"\n".into()), Base::String, r#""a\"\n""#),
            (Literal::Text("[1.5,null]".into()), Base::List(Box::new(decimal.optional())), "[1.50, null]"),
            (Literal::Text(r#"{"b":"x","a":1}"#.into()), record, r#"{ a = 1, b = "x" }"#),
            (Literal::Bytes(vec![0; 16]), Base::Uuid, "uuid(\"00000000-0000-0000-0000-000000000000\")"),
            (Literal::Bytes(vec![255]), Base::Bytes, "hex_decode(\"ff\")"),
        ] {
            assert_eq!(literal_text(&literal, &base.optional()), text);
        }
    }
}
