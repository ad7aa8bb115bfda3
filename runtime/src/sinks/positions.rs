//! Stored positions as people see and change them (`pipewright positions`).
//!
//! Invariant: whatever changes a position raises its generation in the same transaction, so that an epoch of a run that read
//! from the old one is refused.

use std::collections::BTreeMap;

/// What a database holds of one stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its positions, by topic and partition.
    pub positions: Vec<StoredPosition>,
    /// Embedded mode: the cursors of the program's sources.
    pub cursors: BTreeMap<String, String>,
}

impl Stored {
    /// Nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.positions.iter().all(|it| it.next.is_none()) && self.cursors.is_empty()
    }
}

/// A stored position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPosition {
    /// The topic in Kafka.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The next offset to read; none: it was taken, and nothing was read.
    pub next: Option<i64>,
    /// The id of the topic that the offset counts in, if it was known.
    pub topic_id: Option<String>,
    /// The generation of its owner.
    pub generation: i64,
    /// When it last moved. ISO text.
    pub when: String,
}

/// What is to be stored instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Positions that are set.
    pub positions: Vec<NewPosition>,
    /// Positions of partitions that are no more.
    pub gone: Vec<(String, i32)>,
    /// Topics and sources whose records will come again as new ones: what became of the old ones is settled.
    pub anew: Vec<String>,
    /// Cursors that are set; none: removed.
    pub cursors: BTreeMap<String, Option<String>>,
}

/// A position that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPosition {
    /// The topic in Kafka.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The next offset to read.
    pub next: Option<i64>,
    /// The id of the topic that it counts in; none: it stays.
    pub topic_id: Option<String>,
}
