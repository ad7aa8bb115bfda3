//! Cells to rows, by position, without a line end. Reading what it writes gives the same values back.

use pipewright_expr::Datum;
use pipewright_plan::{Options, Schema, Type};

use super::Dialect;
use crate::codecs::cell::write_text;
use crate::codecs::problem::FieldName;
use crate::codecs::{CodecError, ColumnRequest, Encoder};
use crate::record::BadRecord;

/// Writes rows of CSV.
#[derive(Debug)]
pub struct CsvEncoder {
    dialect: Dialect,
    fields: Vec<(Type, FieldName)>,
    text: Vec<u8>,
}

impl CsvEncoder {
    /// An encoder of these fields.
    pub fn new(options: &Options, schema: &Schema) -> Result<Self, CodecError> {
        let fields = schema.fields.iter().map(|field| {
            let request = ColumnRequest {
                path: vec![field.wire_name().to_string()],
                ty: field.ty.clone(),
                name: field.name.clone(),
                origin: None,
            };
            (field.ty.clone(), FieldName::new(&request, &schema.fields))
        });
        Ok(Self { dialect: Dialect::new(options)?, fields: fields.collect(), text: Vec::new() })
    }

    fn row(&mut self, cells: &[Datum<'_>], out: &mut Vec<u8>) -> Result<(), BadRecord> {
        let Self { dialect, fields, text } = self;
        for (at, (ty, name)) in fields.iter().enumerate() {
            if at > 0 {
                out.push(dialect.delimiter);
            }
            text.clear();
            match cells.get(at).copied().unwrap_or(Datum::Null) {
                Datum::Null if ty.nullable => {
                    out.extend_from_slice(dialect.null.as_bytes());
                    continue;
                }
                Datum::Float(it) if !it.is_finite() => {
                    return Err(name.unencodable(&format!("is {it}, which is no number in CSV")));
                }
                value if !write_text(value, &ty.base, text) => {
                    return Err(name.unencodable(&format!("does not hold a `{ty}`")));
                }
                _ => {}
            }
            let null = text.as_slice() == dialect.null.as_bytes();
            if null && !ty.base.is_text() {
                return Err(name.unencodable("is written like null"));
            }
            let special =
                |byte: &u8| *byte == dialect.delimiter || Some(*byte) == dialect.quote || matches!(byte, b'\n' | b'\r');
            let blank = |byte: Option<&u8>| dialect.trim && byte.is_some_and(|byte| *byte <= b' ' || *byte >= 0x80);
            if !null && !text.iter().any(special) && !blank(text.first()) && !blank(text.last()) {
                out.extend_from_slice(text);
                continue;
            }
            let Some(quote) = dialect.quote else {
                return Err(name.unencodable("needs quotes, and the format has none"));
            };
            out.push(quote);
            for &byte in text.iter() {
                if byte == quote {
                    out.push(quote);
                }
                out.push(byte);
            }
            out.push(quote);
        }
        Ok(())
    }
}

impl Encoder for CsvEncoder {
    fn encode(&mut self, cells: &[Datum<'_>], out: &mut Vec<u8>) -> Result<(), BadRecord> {
        let before = out.len();
        let written = self.row(cells, out);
        if written.is_err() {
            out.truncate(before);
        }
        written
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use bumpalo::Bump;
    use pipewright_plan::{Base, Field, OptionValue};
    use proptest::prelude::*;

    use super::*;
    use crate::codecs::Decoder;
    use crate::codecs::csv::CsvDecoder;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            row in proptest::collection::vec(proptest::option::of("[a ,;'\"\r\n\u{a0}N]{0,5}"), 1..5),
            null in proptest::sample::select(vec!["", "N", "a;"]),
            delimiter in proptest::sample::select(vec![",", ";"]),
            trim: bool,
        ) {
            let text = |it: &str| OptionValue::String(it.to_string());
            let options = Options::from([
                ("null".to_string(), text(if null.contains(delimiter) { "N" } else { null })),
                ("delimiter".to_string(), text(delimiter)),
                ("trim".to_string(), OptionValue::Bool(trim)),
            ]);
            let field = |at: usize| Field::new(format!("f{at}"), Base::String.optional());
            let schema = Schema::new((0..row.len()).map(field).collect());
            let cells: Vec<_> = row.iter().map(|it| it.as_deref().map_or(Datum::Null, Datum::Text)).collect();
            let mut out = b"x".to_vec();
            CsvEncoder::new(&options, &schema).unwrap().encode(&cells, &mut out).unwrap();
            let requests: Vec<_> = schema.fields.iter().map(|field| ColumnRequest {
                path: vec![field.name.clone()], ty: field.ty.clone(), name: field.name.clone(), origin: None,
            }).collect();
            let arena = Bump::new();
            let mut read = vec![Datum::Bool(true); cells.len()];
            CsvDecoder::new(&options, &requests, &schema, None).unwrap().decode(&out[1..], &arena, &mut read).unwrap();
            prop_assert_eq!(read, cells);
        }
    }

    #[test]
    fn what_csv_cannot_hold_is_refused() {
        let field = |name: &str, base: Base| Field::new(name, base.optional());
        let schema = Schema::new(vec![field("n", Base::Int64), field("f", Base::Float64), field("s", Base::String)]);
        let options = Options::from([
            ("null".to_string(), OptionValue::String("0".to_string())),
            ("quote".to_string(), OptionValue::String(String::new())),
        ]);
        let mut out = b"before".to_vec();
        let mut encoder = CsvEncoder::new(&options, &schema).unwrap();
        for (row, reason) in [
            ([Datum::Int(0), Datum::Null, Datum::Null], "`n` is written like null"),
            ([Datum::Int(1), Datum::Float(f64::INFINITY), Datum::Null], "`f` is inf, which is no number in CSV"),
            ([Datum::Int(1), Datum::Null, Datum::Text("a,b")], "`s` needs quotes, and the format has none"),
            ([Datum::Bool(true), Datum::Null, Datum::Null], "`n` does not hold a `int64?`"),
        ] {
            assert_eq!(encoder.encode(&row, &mut out).unwrap_err().reason, reason);
            assert_eq!(out, b"before");
        }
        encoder.encode(&[Datum::Int(1), Datum::Float(0.5), Datum::Null], &mut out).unwrap();
        assert_eq!(out, b"before1,0.5,0");
    }
}
