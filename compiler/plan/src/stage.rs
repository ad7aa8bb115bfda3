//! Stages: what reaches one commit domain from its topics, in one transaction per epoch.

use serde::{Deserialize, Serialize};

use crate::Guarantee;

/// From a source into its topic: the records and the source's position in one Kafka transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IngestStage {
    /// The source's name; also the name of its stored position.
    pub source: String,
    /// The topic it feeds.
    pub topic: String,
    /// Transforms between, outermost (next to the source) first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<String>,
    /// `<program>.source.<name>`
    pub transactional_id: String,
    /// What it promises.
    pub guarantee: Guarantee,
}

/// From topics into one SQL database: rows, dead letters and positions in one transaction per epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// `<primary topic>-to-<connection>`
    pub id: String,
    /// The commit domain: a connection.
    pub domain: String,
    /// `<program>.<stage>`: the Kafka consumer group.
    pub group: String,
    /// Names of the topics read; the first is the primary one.
    pub topics: Vec<String>,
    /// Names of the transforms in it, inputs before their readers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<String>,
    /// Names of its sinks, in the order of the program.
    pub sinks: Vec<String>,
    /// What it promises.
    pub guarantee: Guarantee,
    /// Why its output may differ from run to run; none: deterministic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nondeterministic: Vec<String>,
}
