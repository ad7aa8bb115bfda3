//! Records that are sent through a stage once more: those of letters, and those of a topic that came behind them; and rows of which
//! only key and version are wanted.

use pipewright_expr::Datum;
use pipewright_plan::Sink;

use crate::engine::StageRecord;
use crate::record::{BadRecord, Original, RecordId};
use crate::sinks::buffer::RowBuffer;
use crate::sinks::dead_letters::StoredLetter;
use crate::sinks::{Chunk, RowEncoder};

/// A record with its letters at one node.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) at: RecordId,
    pub(super) letters: Vec<StoredLetter>,
    pub(super) original: Original,
}

impl Record {
    pub(super) fn new(at: RecordId, letter: StoredLetter) -> Self {
        let original = Original {
            key: letter.key.clone(),
            value: letter.value.clone(),
            headers: letter.headers.clone(),
            timestamp: letter.record_time.as_deref().and_then(micros),
        };
        Self { at, letters: vec![letter], original }
    }

    pub(super) fn again(&self) -> Again<'_> {
        Again { at: self.at, original: &self.original }
    }
}

fn micros(iso: &str) -> Option<i64> {
    pipewright_expr::convert::read_timestamp(iso.as_bytes(), pipewright_expr::convert::Finer::Refuse).ok()
}

/// A record on its way.
pub(super) struct Again<'b> {
    pub(super) at: RecordId,
    pub(super) original: &'b Original,
}

impl<'b> StageRecord<'b> for Again<'b> {
    fn place(&self) -> (u16, i32, i64) {
        (self.at.topic, self.at.partition, self.at.offset)
    }

    fn key(&self) -> Option<&'b [u8]> {
        self.original.key.as_deref()
    }

    fn value(&self) -> Option<&'b [u8]> {
        self.original.value.as_deref()
    }

    fn timestamp(&self) -> Option<i64> {
        self.original.timestamp
    }

    fn header(&self, name: &str) -> Option<&'b [u8]> {
        self.original.headers.iter().rev().find(|(it, _)| it == name).and_then(|(_, value)| value.as_deref())
    }

    fn original(&self) -> Original {
        Original::default()
    }
}

/// Rows without their values.
pub(super) struct KeyEncoder(RowBuffer);

impl KeyEncoder {
    /// One per sink.
    pub(super) fn all(sinks: &[&Sink]) -> Vec<Box<dyn RowEncoder>> {
        sinks.iter().map(|it| Box::new(Self(RowBuffer::new(it))) as Box<dyn RowEncoder>).collect()
    }
}

impl RowEncoder for KeyEncoder {
    fn put(&mut self, row: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord> {
        let begun = self.0.begin_row(row);
        self.0.end(begun, at, false);
        Ok(())
    }

    fn delete(&mut self, key: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord> {
        if !self.0.ignores_deletes() {
            let begun = self.0.begin_delete(key);
            self.0.end(begun, at, true);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, recycled: Chunk) -> Chunk {
        self.0.take(recycled)
    }
}
