//! Rows of a sink as tuples of `COPY … (FORMAT binary)`. Written on the lane's thread.

use pipewright_expr::Datum;
use pipewright_plan::{Origin, Sink};

use super::numeric;
use super::types::Wire;
use crate::record::{BadRecord, RecordId};
use crate::sinks::buffer::RowBuffer;
use crate::sinks::latest::Upsert;
use crate::sinks::{Chunk, RowEncoder};

/// PostgreSQL counts from 2000-01-01.
const EPOCH_DAYS: i64 = 10_957;
const EPOCH_US: i64 = EPOCH_DAYS * 86_400_000_000;

struct Column {
    name: String,
    wire: Wire,
}

type Refusal = (&'static str, String);

impl Column {
    fn put(&self, out: &mut Vec<u8>, value: &Datum<'_>) -> Result<(), Refusal> {
        match (self.wire, value) {
            (_, Datum::Null) => out.extend_from_slice(&(-1_i32).to_be_bytes()),
            (Wire::Bool, Datum::Bool(it)) => fixed(out, [u8::from(*it)]),
            (Wire::Int4, Datum::Int(it)) => fixed(out, self.narrow(*it)?.to_be_bytes()),
            (Wire::Int8 | Wire::Time, Datum::Int(it)) => eight(out, it.to_be_bytes()),
            (Wire::Float8, Datum::Float(it)) => eight(out, it.to_be_bytes()),
            (Wire::Numeric(scale), Datum::Decimal(it)) => numeric::put(out, *it, scale),
            (Wire::IntegerAsNumeric, Datum::Int(it)) => numeric::put(out, i128::from(*it), 0),
            (Wire::Text, Datum::Text(it)) => {
                if memchr::memchr(0, it.as_bytes()).is_some() {
                    return Err(self.nul());
                }
                sized(out, &[], it.as_bytes());
            }
            (Wire::Jsonb, Datum::Text(it)) => {
                if escapes_nul(it.as_bytes()) {
                    return Err(self.nul());
                }
                sized(out, &[1], it.as_bytes());
            }
            (Wire::Json | Wire::JsonAsText, Datum::Text(it)) => sized(out, &[], it.as_bytes()),
            (Wire::Bytea, Datum::Bytes(it)) => sized(out, &[], it),
            (Wire::Uuid, Datum::Bytes(it)) if it.len() == 16 => sized(out, &[], it),
            (Wire::UuidAsText, Datum::Bytes(it)) => {
                let mut buffer = [0; 36];
                let uuid = uuid::Uuid::from_slice(it).map_err(|_| self.mismatch(value))?;
                sized(out, &[], uuid.hyphenated().encode_lower(&mut buffer).as_bytes());
            }
            (Wire::Date, Datum::Int(it)) => fixed(out, self.narrow(*it - EPOCH_DAYS)?.to_be_bytes()),
            (Wire::TimestampTz | Wire::Timestamp, Datum::Int(it)) => {
                eight(out, it.wrapping_sub(EPOCH_US).to_be_bytes());
            }
            (Wire::Interval, Datum::Int(it)) => {
                // Microseconds; no days, no months: a day of ours has 24 hours.
                out.extend_from_slice(&16_i32.to_be_bytes());
                out.extend_from_slice(&it.to_be_bytes());
                out.extend_from_slice(&[0; 8]);
            }
            (_, value) => return Err(self.mismatch(value)),
        }
        Ok(())
    }

    fn narrow(&self, value: i64) -> Result<i32, Refusal> {
        i32::try_from(value).map_err(|_| self.mismatch(&Datum::Int(value)))
    }

    fn nul(&self) -> Refusal {
        ("nul-in-text", format!("column `{}`: PostgreSQL cannot store the character U+0000", self.name))
    }

    fn mismatch(&self, value: &Datum<'_>) -> Refusal {
        ("unstorable", format!("column `{}`: {value:?} cannot be sent as {:?}", self.name, self.wire))
    }
}

fn fixed<const N: usize>(out: &mut Vec<u8>, value: [u8; N]) {
    out.reserve(4 + N);
    sized(out, &[], &value);
}

/// Eight bytes and their length at once.
#[inline(always)]
fn eight(out: &mut Vec<u8>, value: [u8; 8]) {
    let both = (8 << 64 | u128::from(u64::from_be_bytes(value))).to_be_bytes();
    if let Some(both) = both.last_chunk::<12>() {
        out.extend_from_slice(both);
    }
}

#[inline(always)]
fn sized(out: &mut Vec<u8>, head: &[u8], value: &[u8]) {
    let length = i32::try_from(head.len() + value.len()).unwrap_or(i32::MAX);
    out.reserve(4 + head.len() + value.len());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(head);
    out.extend_from_slice(value);
}

/// Whether JSON holds the escape `\u0000`, which jsonb cannot store.
fn escapes_nul(json: &[u8]) -> bool {
    memchr::memmem::find_iter(json, b"\\u0000").any(|at| {
        let before = json.get(..at).unwrap_or_default();
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

/// Encodes the rows of one sink.
pub(crate) struct PostgresEncoder {
    columns: Vec<Column>,
    key: Vec<usize>,
    buffer: RowBuffer,
    origin: Origin,
}

impl PostgresEncoder {
    /// For that sink, whose columns are sent like this.
    pub fn new(sink: &Sink, wires: &[Wire]) -> Self {
        let names = sink.columns.fields.iter().map(|field| field.name.clone());
        Self {
            columns: names.zip(wires).map(|(name, wire)| Column { name, wire: *wire }).collect(),
            key: Upsert::of(sink).map(|it| it.key).unwrap_or_default(),
            buffer: RowBuffer::new(sink),
            origin: sink.origin,
        }
    }

    fn bad(&self, (name, reason): Refusal) -> BadRecord {
        BadRecord { name, reason, origin: Some(self.origin) }
    }
}

fn column_count(columns: usize) -> [u8; 2] {
    i16::try_from(columns).unwrap_or(i16::MAX).to_be_bytes()
}

impl RowEncoder for PostgresEncoder {
    fn put(&mut self, row: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord> {
        let begun = self.buffer.begin_row(row);
        self.buffer.bytes().extend_from_slice(&column_count(self.columns.len()));
        for (index, column) in self.columns.iter().enumerate() {
            if let Err(refusal) = column.put(self.buffer.bytes(), row.get(index).unwrap_or(&Datum::Null)) {
                self.buffer.cancel(begun);
                return Err(self.bad(refusal));
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
        self.buffer.bytes().extend_from_slice(&column_count(self.key.len()));
        for (index, position) in self.key.iter().enumerate() {
            let Some(column) = self.columns.get(*position) else { continue };
            if let Err(refusal) = column.put(self.buffer.bytes(), key.get(index).unwrap_or(&Datum::Null)) {
                self.buffer.cancel(begun);
                return Err(self.bad(refusal));
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_backslash_is_no_escaped_nul() {
        assert!(escapes_nul(br#"{"a":"x\u0000"}"#));
        assert!(!escapes_nul(br#"{"a":"x\\u0000"}"#));
        assert!(escapes_nul(br#"{"a":"x\\\u0000"}"#));
        assert!(!escapes_nul(br#"{"a":"x\u0001"}"#));
    }
}
