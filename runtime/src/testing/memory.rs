//! Tables in memory, with what a database keeps beside them: positions and dead letters. Rows come through the same chunks
//! and the same rule of the last version as those of SQL databases.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pipewright_expr::Datum;
use pipewright_plan::{Literal, OnDelete, Sink, Write};

use crate::record::{BadRecord, DeadLetter, RecordId};
use crate::report::{RunError, bug};
use crate::sinks::buffer::RowBuffer;
use crate::sinks::{Chunk, ChunkRow, Epoch, Phase, RowEncoder, key};

/// Rows on their way into a table; a chunk holds their numbers.
pub(super) type Heap = Arc<Mutex<Vec<Vec<Literal>>>>;

/// A value that owns itself.
pub(super) fn literal(value: &Datum<'_>) -> Literal {
    match value {
        Datum::Null => Literal::Null,
        Datum::Bool(it) => Literal::Bool(*it),
        Datum::Int(it) => Literal::Int(*it),
        Datum::Float(it) => Literal::Float(*it),
        Datum::Decimal(it) => Literal::Decimal(it.to_string()),
        Datum::Text(it) => Literal::Text((*it).to_string()),
        Datum::Bytes(it) => Literal::Bytes(it.to_vec()),
    }
}

/// The value of a constant.
pub(super) fn datum(literal: &Literal) -> Datum<'_> {
    match literal {
        Literal::Null => Datum::Null,
        Literal::Bool(it) => Datum::Bool(*it),
        Literal::Int(it) => Datum::Int(*it),
        Literal::Float(it) => Datum::Float(*it),
        Literal::Decimal(it) => it.parse().map_or(Datum::Null, Datum::Decimal),
        Literal::Text(it) => Datum::Text(it),
        Literal::Bytes(it) => Datum::Bytes(it),
    }
}

/// Encodes rows of one sink for a [`Table`].
pub(super) struct MemoryEncoder {
    buffer: RowBuffer,
    heap: Heap,
}

impl MemoryEncoder {
    pub(super) fn new(sink: &Sink, heap: Heap) -> Self {
        Self { buffer: RowBuffer::new(sink), heap }
    }

    fn keep(&mut self, values: &[Datum<'_>]) {
        let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        let number = u32::try_from(heap.len()).unwrap_or(u32::MAX);
        heap.push(values.iter().map(literal).collect());
        self.buffer.bytes().extend_from_slice(&number.to_le_bytes());
    }
}

impl RowEncoder for MemoryEncoder {
    fn put(&mut self, row: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord> {
        let begun = self.buffer.begin_row(row);
        self.keep(row);
        self.buffer.end(begun, at, false);
        Ok(())
    }

    fn delete(&mut self, key: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord> {
        if self.buffer.ignores_deletes() {
            return Ok(());
        }
        let begun = self.buffer.begin_delete(key);
        self.keep(key);
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

/// The rows of one sink.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Rows of an append sink, in the order in which they were committed.
    appended: Vec<Vec<Literal>>,
    /// Rows of an upsert sink by their key.
    upserted: BTreeMap<Vec<u8>, Vec<Literal>>,
}

impl Table {
    /// Its rows: those of an append sink in order, others by key.
    pub(super) fn rows(&self) -> Vec<Vec<Literal>> {
        self.appended.iter().chain(self.upserted.values()).cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.appended.clear();
        self.upserted.clear();
    }

    /// Writes the live rows of a chunk, as the statements of a database do.
    pub(super) fn write(&mut self, sink: &Sink, chunk: &Chunk, heap: &[Vec<Literal>], clock: i64) {
        for phase in Phase::ALL {
            for row in chunk.rows.iter().filter(|it| !it.superseded && it.phase() == phase) {
                let Some(values) = of(row, chunk, heap) else { continue };
                match &sink.write {
                    Write::Append => self.appended.push(stored(sink, values, clock)),
                    Write::Upsert { key, on_delete, version } => {
                        if row.delete {
                            self.delete(sink, values, on_delete);
                        } else {
                            self.upsert(sink, values, key, version.as_deref(), clock);
                        }
                    }
                }
            }
        }
    }

    fn delete(&mut self, sink: &Sink, key: &[Literal], on_delete: &OnDelete) {
        let key = key_bytes(key.iter());
        match on_delete {
            OnDelete::Delete => {
                self.upserted.remove(&key);
            }
            OnDelete::Ignore => {}
            OnDelete::Mark(column) => {
                let at = sink.stored_columns().position(column);
                let cell = self.upserted.get_mut(&key).zip(at).and_then(|(row, at)| row.get_mut(at));
                if let Some(cell) = cell {
                    *cell = Literal::Bool(true);
                }
            }
        }
    }

    fn upsert(&mut self, sink: &Sink, values: &[Literal], key: &[String], version: Option<&str>, clock: i64) {
        let position = |name: &str| sink.columns.position(name);
        let key = key_bytes(key.iter().filter_map(|name| position(name)).filter_map(|at| values.get(at)));
        let new = stored(sink, values, clock);
        let Some(old) = self.upserted.get_mut(&key) else {
            self.upserted.insert(key, new);
            return;
        };
        if let Some(at) = version.and_then(position) {
            let (was, is) = (old.get(at).unwrap_or(&Literal::Null), new.get(at).unwrap_or(&Literal::Null));
            let older = *is == Literal::Null || key_bytes([is].into_iter()) < key_bytes([was].into_iter());
            if *was != Literal::Null && older {
                return;
            }
        }
        // The time of loading moves only with something else.
        let loaded_at = sink.loaded_at.as_deref().and_then(|name| sink.stored_columns().position(name));
        let differs = old.iter().zip(&new).enumerate().any(|(at, (a, b))| Some(at) != loaded_at && a != b);
        if differs {
            *old = new;
        }
    }
}

fn of<'h>(row: &ChunkRow, chunk: &Chunk, heap: &'h [Vec<Literal>]) -> Option<&'h [Literal]> {
    let bytes = chunk.bytes.get(row.start as usize..row.end as usize)?;
    let number = u32::from_le_bytes(bytes.try_into().ok()?);
    heap.get(number as usize).map(Vec::as_slice)
}

/// With the columns that a database fills in.
fn stored(sink: &Sink, values: &[Literal], clock: i64) -> Vec<Literal> {
    let mut row = values.to_vec();
    for field in sink.stored_columns().fields.iter().skip(row.len()) {
        let is_time = sink.loaded_at.as_ref() == Some(&field.name);
        row.push(if is_time { Literal::Int(clock) } else { Literal::Bool(false) });
    }
    row
}

fn key_bytes<'l>(values: impl Iterator<Item = &'l Literal>) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.for_each(|it| key::push(&mut bytes, &datum(it)));
    bytes
}

/// What one stage has committed.
#[derive(Default)]
pub(super) struct Store {
    /// By sink of the stage.
    pub(super) tables: Vec<Table>,
    /// By topic of the stage and partition: the next offset.
    pub(super) positions: BTreeMap<(u16, i32), i64>,
    pub(super) letters: Vec<DeadLetter>,
}

impl Store {
    pub(super) fn clear(&mut self, sinks: usize) {
        self.tables.resize_with(sinks, Table::default);
        self.tables.iter_mut().for_each(Table::clear);
        self.positions.clear();
        self.letters.clear();
    }

    /// One transaction: rows, dead letters and positions.
    pub(super) fn commit(
        &mut self,
        sinks: &[&Sink],
        epoch: Epoch,
        heap: &Heap,
        clock: i64,
    ) -> Result<Vec<Chunk>, RunError> {
        for it in &epoch.moves {
            let stands = self.positions.entry((it.topic, it.partition)).or_default();
            if *stands != it.previous {
                return Err(bug(format!("a test moved partition {} from {} at {stands}", it.partition, it.previous)));
            }
            *stands = it.next;
        }
        let rows = heap.lock().unwrap_or_else(PoisonError::into_inner);
        for ((table, sink), chunk) in self.tables.iter_mut().zip(sinks).zip(&epoch.chunks) {
            table.write(sink, chunk, &rows, clock);
        }
        self.letters.extend(epoch.dead_letters);
        Ok(epoch.chunks)
    }
}
