//! The encoder: one object per record, in the order of the schema, nothing left out. Reading what it writes gives the same
//! values back.

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_expr::convert::{Out, write_json_string};
use pipewright_plan::{Base, Options, Schema, Type, TypedOptions};

use super::nested::{Names, has_numbers, renames, rewrite};
use super::spec::{JsonOptions, Numbers};
use crate::codecs::cell::write_text;
use crate::codecs::problem::FieldName;
use crate::codecs::{CodecError, ColumnRequest, Encoder};
use crate::record::BadRecord;

/// Writes JSON objects.
#[derive(Debug)]
pub struct JsonEncoder {
    fields: Vec<Written>,
    numbers: Numbers,
    /// For nested values whose names differ on the wire.
    arena: Bump,
}

#[derive(Debug)]
struct Written {
    /// `{"name":` or `,"name":`
    key: Vec<u8>,
    ty: Type,
    name: FieldName,
    /// Its text is another one on the wire.
    rewritten: bool,
}

impl JsonEncoder {
    /// An encoder of these fields.
    pub fn new(options: &Options, schema: &Schema) -> Result<Self, CodecError> {
        let numbers = JsonOptions::decode(options)?.numbers();
        let fields = schema.fields.iter().enumerate().map(|(at, field)| {
            let mut key = vec![if at == 0 { b'{' } else { b',' }];
            write_json_string(field.wire_name(), &mut key);
            key.push(b':');
            let request = ColumnRequest {
                path: vec![field.wire_name().to_string()],
                ty: field.ty.clone(),
                name: field.name.clone(),
                origin: None,
            };
            let name = FieldName::new(&request, &schema.fields);
            let rewritten = renames(&field.ty) || numbers == Numbers::Text && has_numbers(&field.ty);
            Written { key, ty: field.ty.clone(), name, rewritten }
        });
        Ok(Self { fields: fields.collect(), numbers, arena: Bump::new() })
    }
}

impl Encoder for JsonEncoder {
    fn encode(&mut self, cells: &[Datum<'_>], out: &mut Vec<u8>) -> Result<(), BadRecord> {
        let before = out.len();
        if self.fields.is_empty() {
            out.push(b'{');
        }
        let null = Datum::Null;
        for (at, field) in self.fields.iter().enumerate() {
            out.extend_from_slice(&field.key);
            let written = match cells.get(at).unwrap_or(&null) {
                Datum::Null if field.ty.nullable => {
                    out.put(b"null");
                    Ok(true)
                }
                Datum::Float(it) if !it.is_finite() => {
                    Err(field.name.unencodable(&format!("is {it}, which JSON cannot hold")))
                }
                Datum::Text(it) if field.rewritten => {
                    self.arena.reset();
                    let json = self.arena.alloc_str(it);
                    rewrite(json, &field.ty, &field.name, Names::InProgram, self.numbers, &self.arena).map(|text| {
                        out.put(text.as_bytes());
                        true
                    })
                }
                value => Ok(write_json(*value, &field.ty.base, self.numbers, out)),
            };
            let written = match written {
                Ok(true) => Ok(()),
                Ok(false) => Err(field.name.unencodable(&format!("does not hold a `{}`", field.ty))),
                Err(bad) => Err(bad),
            };
            if let Err(bad) = written {
                out.truncate(before);
                return Err(bad);
            }
        }
        out.push(b'}');
        Ok(())
    }
}

/// Writes a value as JSON. False: the value is none of that type, or a float that JSON has no text for.
pub(super) fn write_json(value: Datum<'_>, base: &Base, numbers: Numbers, out: &mut impl Out) -> bool {
    match (base, value) {
        (Base::String | Base::Set(_), Datum::Text(text)) => {
            write_json_string(text, out);
            true
        }
        (Base::Float64, Datum::Float(it)) if !it.is_finite() => false,
        (Base::Int32 | Base::Int64 | Base::Float64 | Base::Decimal { .. }, _) if numbers == Numbers::Plain => {
            write_text(value, base, out)
        }
        (
            Base::Int32
            | Base::Int64
            | Base::Float64
            | Base::Decimal { .. }
            | Base::Bytes
            | Base::Uuid
            | Base::Date
            | Base::Time
            | Base::Timestamp
            | Base::LocalTimestamp
            | Base::Duration,
            _,
        ) => {
            out.put(b"\"");
            let written = write_text(value, base, out);
            out.put(b"\"");
            written
        }
        _ => write_text(value, base, out),
    }
}
