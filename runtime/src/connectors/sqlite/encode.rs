//! Rows of a sink as a list of SQLite values: a tag, then the value. Written on the lane's thread, read back when the
//! statement is bound.

use pipewright_expr::Datum;
use pipewright_plan::{Base, Sink};

use super::text;
use crate::record::{BadRecord, RecordId};
use crate::sinks::buffer::RowBuffer;
use crate::sinks::latest::Upsert;
use crate::sinks::{Chunk, RowEncoder};

/// A value as SQLite stores it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'b> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'b str),
    Blob(&'b [u8]),
}

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
const BLOB: u8 = 4;

/// Reads the values of a row.
pub(crate) struct Values<'b>(pub &'b [u8]);

impl<'b> Values<'b> {
    fn split(&mut self, length: usize) -> Option<&'b [u8]> {
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    fn eight(&mut self) -> Option<[u8; 8]> {
        self.split(8)?.try_into().ok()
    }

    fn sized(&mut self) -> Option<&'b [u8]> {
        let length = u32::from_le_bytes(self.split(4)?.try_into().ok()?);
        self.split(length as usize)
    }
}

impl<'b> Iterator for Values<'b> {
    type Item = Value<'b>;

    fn next(&mut self) -> Option<Value<'b>> {
        Some(match self.split(1)? {
            [INTEGER] => Value::Integer(i64::from_le_bytes(self.eight()?)),
            [REAL] => Value::Real(f64::from_le_bytes(self.eight()?)),
            [TEXT] => Value::Text(simdutf8::basic::from_utf8(self.sized()?).ok()?),
            [BLOB] => Value::Blob(self.sized()?),
            _ => Value::Null,
        })
    }
}

/// How a column is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    Integer,
    Bool,
    Real,
    Decimal(u8),
    Text,
    Blob,
    Uuid,
    Date,
    Time,
    Timestamp,
    LocalTimestamp,
}

impl Storage {
    pub fn of(base: &Base) -> Self {
        match base {
            Base::Bool => Self::Bool,
            Base::Int32 | Base::Int64 | Base::Duration => Self::Integer,
            Base::Float64 => Self::Real,
            Base::Decimal { scale, .. } => Self::Decimal(*scale),
            Base::Bytes => Self::Blob,
            Base::Uuid => Self::Uuid,
            Base::Date => Self::Date,
            Base::Time => Self::Time,
            Base::Timestamp => Self::Timestamp,
            Base::LocalTimestamp => Self::LocalTimestamp,
            Base::String
            | Base::Set(_)
            | Base::Json
            | Base::List(_)
            | Base::Map(_)
            | Base::Record(_)
            | Base::Null
            | Base::Unknown => Self::Text,
        }
    }

    /// The type that a table of ours declares.
    pub fn declared(self) -> &'static str {
        match self {
            Self::Integer | Self::Bool => "INTEGER",
            Self::Real => "REAL",
            Self::Blob => "BLOB",
            Self::Decimal(_)
            | Self::Text
            | Self::Uuid
            | Self::Date
            | Self::Time
            | Self::Timestamp
            | Self::LocalTimestamp => "TEXT",
        }
    }
}

struct Column {
    name: String,
    storage: Storage,
}

impl Column {
    fn put(&self, out: &mut Vec<u8>, value: &Datum<'_>) -> Result<(), (&'static str, String)> {
        let mut eight = |tag: u8, value: [u8; 8]| {
            out.push(tag);
            out.extend_from_slice(&value);
        };
        match (self.storage, value) {
            (_, Datum::Null) => out.push(NULL),
            (Storage::Integer, Datum::Int(it)) => eight(INTEGER, it.to_le_bytes()),
            (Storage::Bool, Datum::Bool(it)) => eight(INTEGER, i64::from(*it).to_le_bytes()),
            (Storage::Real, Datum::Float(it)) if it.is_nan() => {
                return Err(("not-a-number", format!("column `{}`: SQLite cannot store NaN", self.name)));
            }
            (Storage::Real, Datum::Float(it)) => eight(REAL, it.to_le_bytes()),
            (Storage::Text, Datum::Text(it)) => sized(out, TEXT, |out| out.extend_from_slice(it.as_bytes())),
            (Storage::Blob, Datum::Bytes(it)) => sized(out, BLOB, |out| out.extend_from_slice(it)),
            (Storage::Decimal(scale), Datum::Decimal(it)) => sized(out, TEXT, |out| text::decimal(out, *it, scale)),
            (Storage::Date, Datum::Int(it)) => sized(out, TEXT, |out| text::date(out, *it)),
            (Storage::Time, Datum::Int(it)) => sized(out, TEXT, |out| text::time(out, *it)),
            (Storage::LocalTimestamp, Datum::Int(it)) => sized(out, TEXT, |out| text::date_time(out, *it)),
            (Storage::Timestamp, Datum::Int(it)) => sized(out, TEXT, |out| {
                text::date_time(out, *it);
                out.push(b'Z');
            }),
            (Storage::Uuid, Datum::Bytes(it)) => match <[u8; 16]>::try_from(*it) {
                Ok(bytes) => sized(out, TEXT, |out| text::uuid(out, bytes)),
                Err(_) => return Err(("unstorable", format!("column `{}`: not a UUID", self.name))),
            },
            (storage, value) => {
                return Err(("unstorable", format!("column `{}`: {value:?} is no {storage:?}", self.name)));
            }
        }
        Ok(())
    }
}

fn sized(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    let start = out.len();
    write(out);
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(length_at..start) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

/// Encodes the rows of one sink.
pub(crate) struct SqliteEncoder {
    columns: Vec<Column>,
    key: Vec<usize>,
    buffer: RowBuffer,
    origin: pipewright_plan::Origin,
}

impl SqliteEncoder {
    /// For that sink.
    pub fn new(sink: &Sink) -> Self {
        let columns = sink
            .columns
            .fields
            .iter()
            .map(|field| Column { name: field.name.clone(), storage: Storage::of(&field.ty.base) })
            .collect();
        Self {
            columns,
            key: Upsert::of(sink).map(|it| it.key).unwrap_or_default(),
            buffer: RowBuffer::new(sink),
            origin: sink.origin,
        }
    }
}

impl RowEncoder for SqliteEncoder {
    fn put(&mut self, row: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord> {
        let begun = self.buffer.begin_row(row);
        for (index, column) in self.columns.iter().enumerate() {
            let value = row.get(index).unwrap_or(&Datum::Null);
            if let Err((name, reason)) = column.put(self.buffer.bytes(), value) {
                self.buffer.cancel(begun);
                return Err(BadRecord { name, reason, origin: Some(self.origin) });
            }
        }
        self.buffer.end(begun, at, false);
        Ok(())
    }

    fn delete(&mut self, key: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord> {
        if self.buffer.ignores_deletes() {
            return Ok(());
        }
        let begun = self.buffer.begin_delete(key);
        for (index, position) in self.key.iter().enumerate() {
            let Some(column) = self.columns.get(*position) else { continue };
            let value = key.get(index).unwrap_or(&Datum::Null);
            if let Err((name, reason)) = column.put(self.buffer.bytes(), value) {
                self.buffer.cancel(begun);
                return Err(BadRecord { name, reason, origin: Some(self.origin) });
            }
        }
        self.buffer.end(begun, at, true);
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.buffer.len()
    }

    fn take(&mut self, recycled: Chunk) -> Chunk {
        self.buffer.take(recycled)
    }
}
