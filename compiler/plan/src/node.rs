//! The nodes of a program: sources, topics, transforms, sinks.

use serde::{Deserialize, Serialize};

use crate::{Base, Expr, Field, Kind, Options, Origin, Partitioning, Schema};

/// How a connection is reached: `connection NAME = KIND { … }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Its name.
    pub name: String,
    /// The connector: `kafka`, `postgres`, `sqlite`, `files`.
    pub kind: String,
    /// As the connector's spec describes them. Secrets are references (`env`, `file`), never values.
    pub options: Options,
    /// Its old name, if it was renamed: what is stored under that one moves to the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Its doc comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where it stands.
    #[serde(default, rename = "at")]
    pub origin: Origin,
}

/// How bytes become records: a codec and its options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Format {
    /// `json`, `csv`, `raw`.
    pub codec: String,
    /// As the codec's spec describes them.
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
}

/// Records from outside, on their way into a topic (or, if bounded, straight into a sink).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// The connection.
    pub connection: String,
    /// As the connector's source spec describes them (without `format`).
    pub options: Options,
    /// How bytes become records.
    pub format: Format,
    /// Its records.
    pub schema: Schema,
    /// Append or changelog.
    pub kind: Kind,
    /// Steps written at the source itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What becomes of bad records.
    pub on_bad_record: BadRecordPolicy,
    /// Its doc comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where it stands.
    #[serde(default, rename = "at")]
    pub origin: Origin,
}

/// A Kafka topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// Its name in the program.
    pub name: String,
    /// Its name in Kafka.
    pub topic: String,
    /// The cluster.
    pub connection: String,
    /// What feeds it; empty: external.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Its records.
    pub schema: Schema,
    /// Append or changelog.
    pub kind: Kind,
    /// How bytes become records.
    pub format: Format,
    /// The parts of the message key, over its fields: one part is written as text, several as a JSON array. None: no key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<Expr>,
    /// Where records are placed.
    pub partitioning: Partitioning,
    /// Replicas; none: the broker's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<u16>,
    /// `compact` and/or `delete`.
    pub cleanup: Cleanup,
    /// `retention.ms`; none: the broker's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_ms: Option<i64>,
    /// `zstd`, `lz4`, `none`, …
    pub compression: String,
    /// Where a fresh stage begins.
    #[serde(default)]
    pub start: Start,
    /// What becomes of bad records that are read from it.
    pub on_bad_record: BadRecordPolicy,
    /// Its old name, if it was renamed: what is stored under that one moves to the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Its doc comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where it stands.
    #[serde(default, rename = "at")]
    pub origin: Origin,
}

impl Topic {
    /// This program creates it and alone writes it.
    pub fn owned(&self) -> bool {
        !self.from.is_empty()
    }
}

/// What Kafka does with old records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cleanup {
    /// Drops them after the retention.
    Delete,
    /// Keeps the newest per key.
    Compact,
}

/// Where a stage without a stored position begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// At the oldest record.
    #[default]
    Earliest,
    /// At the end.
    Latest,
    /// At the first record not older than this (microseconds since 1970).
    Timestamp(i64),
}

/// What becomes of a bad record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRecordPolicy {
    /// It is kept beside the rows, with its reason.
    DeadLetter {
        /// Its original bytes are kept, or its position only.
        original: Original,
    },
    /// The stage stops before it, with exit code 5.
    Stop,
    /// It is counted and forgotten.
    Skip,
}

/// Whether a dead letter holds the original bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Original {
    /// Yes.
    Keep,
    /// No: topic, partition and offset only.
    Position,
}

/// `transform NAME from INPUT, … | step | step`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// Its name.
    pub name: String,
    /// What it reads: topics, sources or transforms; more than one is a union.
    pub from: Vec<String>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Its records.
    pub schema: Schema,
    /// Append or changelog.
    pub kind: Kind,
    /// Its doc comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where it stands.
    #[serde(default, rename = "at")]
    pub origin: Origin,
}

/// One step. `drop` and `rename` have become `Select`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// `<node>.<ordinal from 1>`, for dead letters and counters.
    pub id: String,
    /// The word in the program: `where`, `drop`, ….
    pub keyword: String,
    /// What it does.
    pub kind: StepKind,
    /// The fields after it.
    pub schema: Schema,
    /// The kind after it.
    pub after: Kind,
    /// Where it stands.
    #[serde(default, rename = "at")]
    pub origin: Origin,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Keeps records for which the condition is true.
    Where {
        /// The condition.
        condition: Expr,
        /// On a changelog: a put that does not pass becomes a delete of its key.
        #[serde(default)]
        deletes: bool,
    },
    /// Anything but true is a bad record.
    Check {
        /// The condition.
        condition: Expr,
        /// The reason, a string.
        reason: Expr,
    },
    /// Adds or replaces fields, one after the other.
    Derive(Vec<Assignment>),
    /// The record is these fields from now on, all computed from the record before.
    Select(Vec<Assignment>),
    /// Changelog to append. Without `only_puts` there is a new last field `op`, and fields outside the key are null on deletes.
    AsEvents {
        /// Deletes are left out.
        only_puts: bool,
    },
    /// Append to changelog by these fields.
    AsTable {
        /// The key.
        key: Vec<String>,
    },
}

/// `name = expr`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The field.
    pub name: String,
    /// Its value.
    pub value: Expr,
}

/// `sink NAME from INPUT to CONNECTION { … }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sink {
    /// Its name.
    pub name: String,
    /// What it reads.
    pub from: Vec<String>,
    /// The database.
    pub connection: String,
    /// The table, as written (`fact_orders`, `sales.fact_orders`).
    pub table: String,
    /// How rows are written.
    pub write: Write,
    /// The columns it writes, in order; names are the table's.
    pub columns: Schema,
    /// What it may do to the table.
    pub schema_mode: SchemaMode,
    /// As the connector's sink spec describes them.
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// A column that the database sets to the time of loading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaded_at: Option<String>,
    /// What becomes of rows that the database refuses.
    pub on_bad_record: BadRecordPolicy,
    /// Its doc comment: the table's comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where it stands.
    #[serde(default, rename = "at")]
    pub origin: Origin,
}

/// How rows are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// Every record is a new row.
    Append,
    /// The newest record per key is the row.
    Upsert {
        /// The key columns.
        key: Vec<String>,
        /// What a delete does.
        on_delete: OnDelete,
        /// The row with the greatest value of this column wins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
}

impl Sink {
    /// The columns of its rows as they are stored: what it writes, the mark of its deletes, the time of loading.
    pub fn stored_columns(&self) -> Schema {
        let mut stored = self.columns.clone();
        let mut add = |name: &String, base: Base| {
            if stored.position(name).is_none() {
                stored.fields.push(Field::new(name.clone(), base.required()));
            }
        };
        if let Write::Upsert { on_delete: OnDelete::Mark(mark), .. } = &self.write {
            add(mark, Base::Bool);
        }
        if let Some(loaded_at) = &self.loaded_at {
            add(loaded_at, Base::Timestamp);
        }
        stored
    }
}

/// What a delete does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// Deletes the row.
    Delete,
    /// Nothing.
    Ignore,
    /// Sets this bool column to true.
    Mark(String),
}

/// What a sink may do to its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaMode {
    /// Creates it when missing.
    #[default]
    Create,
    /// Creates it, and adds missing nullable columns.
    Evolve,
    /// Nothing.
    Fixed,
}
