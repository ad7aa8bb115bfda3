//! Codecs: bytes to cells and back. One folder each, one line in [`SPECS`]. `spec.rs` of a folder is its pure half.
//!
//! A decoder is compiled for the columns that a program uses and finds only these, but it checks the whole payload against
//! the grammar of its format: what a program leaves out changes no record from bad to good. Nothing here does I/O.

use std::borrow::Cow;

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_plan::{CodecSpec, Format, Origin, Schema, Type};

use crate::record::BadRecord;
use crate::report::{ErrorClass, RunError};

mod absent;
mod cell;
pub mod csv;
pub mod json;
mod problem;
pub mod raw;

#[cfg(feature = "engine")]
pub(crate) use problem::closest;
pub use problem::{MISSING_FIELD, NULL_VALUE, UNDECODABLE, UNENCODABLE, WRONG_TYPE};

/// The pure halves of all codecs, sorted by name.
pub const SPECS: &[&CodecSpec] = &[&csv::SPEC, &json::SPEC, &raw::SPEC];

/// A column that a program uses.
#[derive(Clone, Debug)]
pub struct ColumnRequest {
    /// Names on the wire; more than one for a field of a nested record.
    pub path: Vec<String>,
    /// What it holds.
    pub ty: Type,
    /// As the program calls it: `customer.name`.
    pub name: String,
    /// Where it is declared.
    pub origin: Option<Origin>,
}

/// Turns payloads into cells.
pub trait Decoder: Send {
    /// Fills one cell per requested column, all checked and converted. Text borrows from the payload or the arena. After an
    /// error the cells hold anything.
    fn decode<'b>(&mut self, payload: &'b [u8], arena: &'b Bump, cells: &mut [Datum<'b>]) -> Result<(), BadRecord>;
}

/// Turns cells into payloads.
pub trait Encoder: Send {
    /// Appends one payload: one cell per field of the schema, in order. After an error `out` ends as it did before.
    fn encode(&mut self, cells: &[Datum<'_>], out: &mut Vec<u8>) -> Result<(), BadRecord>;
}

/// A format that cannot be used like this: only the user can mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CodecError {
    /// The stable name: `unknown-format`, `bad-option`, `column-missing`.
    pub name: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl From<pipewright_plan::OptionError> for CodecError {
    fn from(error: pipewright_plan::OptionError) -> Self {
        Self { name: "bad-option", message: error.to_string(), help: None }
    }
}

impl From<CodecError> for RunError {
    fn from(error: CodecError) -> Self {
        let CodecError { name, message, help } = error;
        Self { name, message, help, origin: None, class: ErrorClass::Configuration }
    }
}

/// A decoder of these columns out of records of this schema. For files with a header ask
/// `FileReader::decoder` instead: CSV without a known header is read by position.
pub fn decoder(format: &Format, columns: &[ColumnRequest], schema: &Schema) -> Result<Box<dyn Decoder>, CodecError> {
    match format.codec.as_str() {
        "csv" => Ok(Box::new(csv::CsvDecoder::new(&format.options, columns, schema, None)?)),
        "json" => Ok(Box::new(json::JsonDecoder::new(&format.options, columns, schema)?)),
        "raw" => Ok(Box::new(raw::RawDecoder::new(columns)?)),
        other => Err(unknown(other)),
    }
}

/// An encoder of records of this schema.
pub fn encoder(format: &Format, schema: &Schema) -> Result<Box<dyn Encoder>, CodecError> {
    match format.codec.as_str() {
        "csv" => Ok(Box::new(csv::CsvEncoder::new(&format.options, schema)?)),
        "json" => Ok(Box::new(json::JsonEncoder::new(&format.options, schema)?)),
        "raw" => Ok(Box::new(raw::RawEncoder::new(schema)?)),
        other => Err(unknown(other)),
    }
}

fn unknown(codec: &str) -> CodecError {
    let known: Vec<_> = SPECS.iter().map(|spec| format!("`{}`", spec.name)).collect();
    CodecError {
        name: "unknown-format",
        message: format!("unknown format `{codec}`"),
        help: Some(format!("one of {}", known.join(", "))),
    }
}

/// Checks that a payload is UTF-8 and gives its text.
fn utf8(payload: &[u8]) -> Result<&str, BadRecord> {
    simdutf8::basic::from_utf8(payload).map_err(|_| {
        let at = simdutf8::compat::from_utf8(payload).map_or_else(|error| error.valid_up_to(), |_| 0);
        let start = payload
            .get(at..at + 1)
            .and_then(|byte| byte.first())
            .map_or(Cow::Borrowed("its end"), |byte| Cow::Owned(format!("0x{byte:02x}")));
        problem::undecodable(format!("the value is not UTF-8: {start} at byte {at}"))
    })
}
