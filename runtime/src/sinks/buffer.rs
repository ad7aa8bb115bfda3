//! Rows of one sink on their way into a [`Chunk`]: begun, filled by an encoder, ended or taken back.

use pipewright_expr::Datum;
use pipewright_plan::Sink;

use crate::record::RecordId;
use crate::sinks::latest::{Latest, Upsert};
use crate::sinks::{Chunk, ChunkRow, key};

/// The rows encoded since the last [`take`](Self::take).
#[derive(Debug)]
pub(crate) struct RowBuffer {
    chunk: Chunk,
    upsert: Option<Upsert>,
    latest: Latest,
}

/// A row that was begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    #[cfg_attr(not(feature = "engine"), allow(dead_code, reason = "only databases refuse rows"))]
    before: usize,
    start: usize,
}

impl RowBuffer {
    /// For that sink.
    pub fn new(sink: &Sink) -> Self {
        Self { chunk: Chunk::default(), upsert: Upsert::of(sink), latest: Latest::default() }
    }

    /// Where the encoder writes.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.chunk.bytes
    }

    /// Bytes held.
    pub fn len(&self) -> usize {
        self.chunk.bytes.len()
    }

    /// Deletes have no effect in this sink.
    pub fn ignores_deletes(&self) -> bool {
        self.upsert.as_ref().is_none_or(|it| it.ignores)
    }

    /// Begins a row with these values.
    pub fn begin_row(&mut self, row: &[Datum<'_>]) -> Begun {
        let bytes = &mut self.chunk.bytes;
        let before = bytes.len();
        if let Some(upsert) = &self.upsert {
            for index in &upsert.key {
                key::push(bytes, row.get(*index).unwrap_or(&Datum::Null));
            }
            let version_start = bytes.len();
            if let Some(index) = upsert.version {
                key::push(bytes, row.get(index).unwrap_or(&Datum::Null));
            }
            key::push_lengths(bytes, before, version_start);
        }
        Begun { before, start: bytes.len() }
    }

    /// Begins a delete of this key.
    pub fn begin_delete(&mut self, key: &[Datum<'_>]) -> Begun {
        let bytes = &mut self.chunk.bytes;
        let before = bytes.len();
        key.iter().for_each(|value| key::push(bytes, value));
        let version_start = bytes.len();
        key::push_lengths(bytes, before, version_start);
        Begun { before, start: bytes.len() }
    }

    /// The row is whole.
    pub fn end(&mut self, begun: Begun, at: RecordId, delete: bool) {
        let position = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        self.chunk.rows.push(ChunkRow {
            start: position(begun.start),
            end: position(self.chunk.bytes.len()),
            at,
            delete,
            superseded: false,
            before_row: false,
        });
    }

    /// The row is bad: as if it had not begun.
    pub fn cancel(&mut self, begun: Begun) {
        self.chunk.bytes.truncate(begun.before);
    }

    /// Hands over what there is; `recycled` becomes the next buffer.
    pub fn take(&mut self, mut recycled: Chunk) -> Chunk {
        recycled.bytes.clear();
        recycled.rows.clear();
        if let Some(upsert) = &self.upsert {
            self.latest.settle(upsert, &self.chunk.bytes, &mut self.chunk.rows);
        }
        std::mem::replace(&mut self.chunk, recycled)
    }
}
