//! What a lane and a database agree on: rows encoded on the lane's thread into a [`Chunk`], and one transaction per
//! [`Epoch`] that stores rows, dead letters and positions together.
//!
//! Invariant: a position moves only in the transaction of the rows before it.

use std::collections::BTreeMap;

use pipewright_expr::Datum;

use crate::record::{BadRecord, DeadLetter, Original, RecordId};

#[cfg(feature = "engine")]
mod any;
pub(crate) mod buffer;
#[cfg(feature = "engine")]
pub(crate) mod commit;
#[cfg(feature = "engine")]
mod cuts;
#[cfg(feature = "engine")]
pub mod dead_letters;
#[cfg(feature = "engine")]
pub(crate) mod failure;
#[cfg(feature = "engine")]
pub mod history;
pub(crate) mod key;
pub(crate) mod latest;
#[cfg(feature = "engine")]
pub mod look;
#[cfg(feature = "engine")]
pub(crate) mod order;
#[cfg(feature = "engine")]
pub mod positions;
#[cfg(feature = "engine")]
pub(crate) mod renamed;
#[cfg(feature = "engine")]
pub mod settle;
#[cfg(feature = "engine")]
mod sift;
#[cfg(feature = "engine")]
mod stage_context;
#[cfg(feature = "engine")]
pub(crate) mod tables;

#[cfg(feature = "engine")]
pub use any::{AnyDatabase, describe, location, open, open_connection};
#[cfg(feature = "engine")]
pub use history::{Emptied, Filled, History};
#[cfg(feature = "engine")]
pub use stage_context::StageContext;

/// Turns rows of one sink into its database's wire format, on the lane's thread. No I/O. Buffers are reused.
pub trait RowEncoder: Send {
    /// Adds a row: one value per column of the sink, in order. A value the database cannot hold is a bad record.
    fn put(&mut self, row: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord>;

    /// Adds a delete: one value per key column of the sink, in order.
    fn delete(&mut self, key: &[Datum<'_>], at: RecordId) -> Result<(), BadRecord>;

    /// Bytes held since the last [`take`](Self::take).
    fn bytes(&self) -> usize;

    /// Hands over what was encoded. `recycled` is an old chunk whose buffers are used again.
    fn take(&mut self, recycled: Chunk) -> Chunk;
}

/// Encoded rows of one sink in one epoch, in the order of arrival. In an upsert sink only the last version of a key is live.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The rows, one behind the other, in the encoder's own format.
    pub bytes: Vec<u8>,
    /// Where each row lies and where it came from.
    pub rows: Vec<ChunkRow>,
}

/// One row of a [`Chunk`].
#[derive(Clone, Copy, Debug)]
pub struct ChunkRow {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// The record it came from.
    pub at: RecordId,
    /// A delete; the bytes hold the key only.
    pub delete: bool,
    /// A later row of the same epoch has the same key (upsert): not to be written.
    pub superseded: bool,
    /// A delete that marks its row, and stands before the live row of its key: a row with an older version than the table's
    /// must not undo it, so it is written before the rows.
    pub before_row: bool,
}

/// When a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Marks that a row may undo.
    Before,
    /// Rows.
    Rows,
    /// Deletes, and marks of rows that were just written.
    After,
}

impl Phase {
    /// In this order. Without marks the keys of rows and deletes are disjoint, and any order would do.
    pub const ALL: [Phase; 3] = [Phase::Before, Phase::Rows, Phase::After];
}

impl ChunkRow {
    pub(crate) fn phase(&self) -> Phase {
        match (self.delete, self.before_row) {
            (false, _) => Phase::Rows,
            (true, true) => Phase::Before,
            (true, false) => Phase::After,
        }
    }
}

/// How far one partition moves in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Index of the topic in its stage.
    pub topic: u16,
    /// The partition.
    pub partition: i32,
    /// The position before.
    pub previous: i64,
    /// The position after: last offset + 1.
    pub next: i64,
    /// The generation under which the partition was acquired.
    pub generation: i64,
}

/// What one transaction stores.
#[derive(Debug, Default)]
pub struct Epoch {
    /// Counts from 1 per run.
    pub number: u64,
    /// One per sink of the stage, in its order.
    pub chunks: Vec<Chunk>,
    /// Bad records of this epoch.
    pub dead_letters: Vec<DeadLetter>,
    /// How far each partition moves.
    pub moves: Vec<Move>,
    /// Embedded mode: the positions of the sources up to which everything is in this epoch, by source name (opaque text).
    pub cursors: BTreeMap<String, String>,
    /// Dead letters that this epoch deals with: its rows are those of records that were sent through again.
    #[cfg(feature = "engine")]
    pub settled: Vec<settle::Settled>,
}

/// What became of an epoch that was committed.
#[derive(Debug, Default)]
pub struct Committed {
    /// Rows written, deleted and left as they were per sink. Superseded versions are not counted.
    pub rows: Vec<SinkRows>,
    /// Rows the database refused; they were stored as dead letters (or skipped) in the same transaction.
    pub refused: Vec<Refused>,
    /// Names of the dead letters of the epoch, refused rows included, with their number.
    pub dead_letters: BTreeMap<String, u64>,
}

/// Rows of one sink in one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkRows {
    /// Rows inserted, updated, or found equal.
    pub stored: u64,
    /// Deletes sent.
    pub deleted: u64,
    /// What was sent besides, and the database did not keep.
    pub not_kept: NotKept,
}

/// Rows and deletes that the database took without an error and did not carry out: a trigger of the table dropped them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotKept {
    /// Rows that were neither inserted nor updated nor found equal.
    pub rows: u64,
    /// Deletes whose row is still there.
    pub deletes: u64,
}

/// A row that the database refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Index of the sink in its stage.
    pub sink: usize,
    /// The record it came from.
    pub at: RecordId,
    /// Why.
    pub bad: BadRecord,
}

/// Gives the original bytes of a record again (read once more from Kafka; the rare path).
pub trait Originals: Send + Sync {
    /// Blocking. `None`: no longer there. An error: who has it does not answer now, which says nothing about the record.
    fn fetch(&self, at: RecordId) -> Result<Option<Original>, String>;
}

/// A partition's stored position, acquired: every later commit of an earlier owner fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquired {
    /// Index of the topic in its stage.
    pub topic: u16,
    /// The partition.
    pub partition: i32,
    /// The next offset to read; `None`: never read.
    pub next: Option<i64>,
    /// The generation of this owner.
    pub generation: i64,
    /// The id of the Kafka topic that the offset counts in, if it was known.
    pub topic_id: Option<String>,
}

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Out of reach, restarting, full, deadlocked, timed out: the same again later will do.
    #[error("{0}")]
    Unavailable(String),
    /// A wrong password, a missing column, a missing right, a table that does not fit: only the user can mend it.
    #[error("{message}")]
    Configuration {
        /// The stable name: `authentication-failed`, `column-missing`, ….
        name: &'static str,
        /// What is wrong, in the user's words.
        message: String,
        /// What to do.
        help: Option<String>,
        /// The sink it is about, by index in the stage.
        sink: Option<usize>,
    },
    /// Another owner has acquired a partition of the epoch: nothing was stored; drop everything and ask again.
    #[error("another instance has taken over partition {partition} of `{topic}`")]
    Fenced {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// A policy stops the stage at this record (`on_bad_record = stop`). Everything before it, per partition, is stored;
    /// of an epoch with cursors nothing is (a cursor cannot be cut).
    #[error("stopped at a bad record: {}", .0.bad.reason)]
    Stopped(Box<Refused>),
}

#[cfg(feature = "engine")]
/// One stage's connection to its database. Owns the connection; reconnects when told the outcome is unknown.
#[allow(async_fn_in_trait)]
pub trait Database: Send {
    /// Connects, creates what is missing (own tables, sink tables where allowed), and checks every sink table against the
    /// plan. Reports the first thing that is wrong per sink.
    async fn prepare(&mut self) -> Result<(), Vec<DatabaseError>>;

    /// Whether the stage was here before. After [`prepare`](Self::prepare).
    async fn history(&mut self) -> Result<History, DatabaseError>;

    /// Takes ownership of partitions: raises their generations, waits for an in-flight commit of the
    /// old owner, gives their positions. `topic_ids` has one entry per topic of the stage; an id is stored where none is yet,
    /// and what is stored is given back: another one than expected means that the topic was made anew.
    async fn acquire(
        &mut self,
        partitions: &[(u16, i32)],
        topic_ids: &[Option<String>],
    ) -> Result<Vec<Acquired>, DatabaseError>;

    /// Sets the position of partitions that were never read, before their first epoch. Every `next` must be given.
    async fn start_at(&mut self, positions: &[Acquired]) -> Result<(), DatabaseError>;

    /// Stores an epoch in one transaction with the fence inside. After [`DatabaseError::Unavailable`]
    /// the outcome is unknown: the connection is dropped, and the caller acquires again before anything else.
    async fn commit(&mut self, epoch: &Epoch, originals: &dyn Originals) -> Result<Committed, DatabaseError>;

    /// How many dead letters of the stage nobody has dealt with. After [`prepare`](Self::prepare).
    async fn letters_waiting(&mut self) -> Result<u64, DatabaseError>;

    /// Embedded mode: the stored cursors of the sources.
    async fn cursors(&mut self) -> Result<BTreeMap<String, String>, DatabaseError>;
}
