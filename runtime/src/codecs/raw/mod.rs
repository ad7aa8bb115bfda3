//! Raw lines: the record is its text.

mod spec;

pub use spec::{LINE, SPEC};

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_plan::Schema;

use super::{CodecError, ColumnRequest, Decoder, Encoder, problem, utf8};
use crate::record::BadRecord;

/// Gives the text as it is.
#[derive(Debug)]
pub struct RawDecoder(());

impl RawDecoder {
    /// The only column there is is [`LINE`].
    pub fn new(columns: &[ColumnRequest]) -> Result<Self, CodecError> {
        match columns.iter().find(|column| column.path != [LINE]) {
            None => Ok(Self(())),
            Some(other) => Err(CodecError {
                name: "column-missing",
                message: format!("raw records have no field `{}`", other.name),
                help: Some(format!("the text of a record is `{LINE}`")),
            }),
        }
    }
}

impl Decoder for RawDecoder {
    fn decode<'b>(&mut self, payload: &'b [u8], _: &'b Bump, cells: &mut [Datum<'b>]) -> Result<(), BadRecord> {
        let text = utf8(payload)?;
        cells.fill(Datum::Text(text));
        Ok(())
    }
}

/// Writes the text as it is.
#[derive(Debug)]
pub struct RawEncoder(());

impl RawEncoder {
    /// The schema has one field.
    pub fn new(schema: &Schema) -> Result<Self, CodecError> {
        match schema.fields.as_slice() {
            [field] if (SPEC.writes)(&field.ty).is_ok() => Ok(Self(())),
            _ => Err(CodecError {
                name: "column-missing",
                message: format!("a raw record is one field `{LINE}: string`"),
                help: Some("use `format = json`".to_string()),
            }),
        }
    }
}

impl Encoder for RawEncoder {
    fn encode(&mut self, cells: &[Datum<'_>], out: &mut Vec<u8>) -> Result<(), BadRecord> {
        match cells {
            [Datum::Text(text)] => {
                out.extend_from_slice(text.as_bytes());
                Ok(())
            }
            _ => {
                let line = problem::FieldName { name: LINE.to_string(), origin: None, pii: false };
                Err(line.unencodable("is not text"))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use pipewright_plan::{Base, Format};

    use super::*;

    #[test]
    fn text_comes_and_goes_as_it_is() {
        let format = Format { codec: "raw".to_string(), options: Default::default() };
        let schema = (SPEC.fixed_schema.unwrap())();
        let column = |path: &str| ColumnRequest {
            path: vec![path.to_string()],
            ty: Base::String.required(),
            name: path.to_string(),
            origin: None,
        };
        let mut decoder = super::super::decoder(&format, &[column("line")], &schema).unwrap();
        let arena = Bump::new();
        let mut cells = [Datum::Null];
        decoder.decode("a \"b\", ü".as_bytes(), &arena, &mut cells).unwrap();
        assert_eq!(cells, [Datum::Text("a \"b\", ü")]);
        let bad = decoder.decode(b"ab\xffc", &arena, &mut [Datum::Null]).unwrap_err();
        assert_eq!((bad.name, bad.reason.as_str()), ("undecodable", "the value is not UTF-8: 0xff at byte 2"));
        let mut out = Vec::new();
        super::super::encoder(&format, &schema).unwrap().encode(&cells, &mut out).unwrap();
        assert_eq!(out, "a \"b\", ü".as_bytes());
        let error = super::super::decoder(&format, &[column("lime")], &schema).err().unwrap();
        assert_eq!(error.to_string(), "raw records have no field `lime`");
    }
}
