//! Where the stages and sources of a program stand, and how that is changed by hand.
//!
//! Knows no wording of commands. Invariants: looking creates nothing; a change is one transaction of the database or of Kafka
//! that shuts out a run that goes on, so nothing it has in hand is stored behind the change.

mod change;
mod clusters;
mod list;
mod sources;

use std::sync::Arc;

use pipewright_plan::{Plan, Stage, Start};
use serde::{Deserialize, Serialize};

pub use change::{apply, propose};
pub(super) use clusters::Clusters;
pub use list::list;
pub(super) use sources::moved;

use super::bug;
use super::committer::database_error;
use super::embedded::{self, owner};
use crate::connectors::kafka::closest;
use crate::report::{ErrorClass, Observer, RunError};
use crate::sinks::{self, AnyDatabase, DatabaseError};

/// What is stored as the cursor of a source in Kafka.
#[derive(Serialize, Deserialize)]
pub(super) struct SourceCursor {
    /// The reader's own cursor.
    pub(super) position: String,
    /// Records read over all runs.
    pub(super) read: u64,
    /// Dead letters written over all runs.
    #[serde(default)]
    pub(super) letters: u64,
}

/// What has positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Offsets of topics.
    Stage,
    /// Bytes of files.
    Source,
}

/// What one position is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A partition of a topic in Kafka.
    Partition(String, i32),
    /// A file of a source; `-` is the standard input.
    File(String),
}

/// One position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The stage or source.
    pub name: String,
    /// Which of them it is.
    pub kind: Kind,
    /// What it is of.
    pub place: Place,
    /// The next offset, or the next byte; none: it has none yet.
    pub at: Option<i64>,
    /// The end; none: not known, or no longer there.
    pub end: Option<i64>,
    /// How much is between, in offsets or bytes.
    pub behind: Option<i64>,
    /// When it last moved, if that is stored.
    pub when: Option<String>,
    /// What is wrong with it.
    pub note: Option<String>,
}

/// What is to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The id of a stage, or the name of a source.
    pub name: String,
    /// Only this topic, or this partition of it.
    pub partition: Option<(String, Option<i32>)>,
    /// Only this file.
    pub file: Option<String>,
    /// Where to.
    pub to: To,
}

/// Where a position is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Where records begin from there on.
    Start(Start),
    /// At this offset.
    Offset(i64),
    /// Behind everything.
    End,
}

/// What a change does, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The stages whose tables are touched by it, by index in the plan.
    pub stages: Vec<usize>,
    /// What it is of.
    pub kind: Kind,
    /// The topics live in the process.
    pub embedded: bool,
    /// Each position: before and after.
    pub moves: Vec<(Place, Option<i64>, Option<i64>)>,
}

/// A stage or a source, by its name.
pub(super) enum Target<'a> {
    Stage(&'a Stage),
    Source(&'a str),
}

impl<'a> Target<'a> {
    fn find(plan: &'a Plan, name: &str) -> Result<Self, RunError> {
        if let Some(stage) = plan.stages.iter().find(|it| it.id == name) {
            return Ok(Self::Stage(stage));
        }
        if let Some(it) = plan.ingest.iter().find(|it| it.source == name) {
            return Ok(Self::Source(&it.source));
        }
        let mut known: Vec<&str> = plan.stages.iter().map(|it| it.id.as_str()).collect();
        known.extend(plan.ingest.iter().map(|it| it.source.as_str()));
        known.dedup();
        let help = match closest(name, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("there are {}", known.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")),
        };
        Err(wrong("unknown-name", format!("the program has no stage or source `{name}`"), Some(help)))
    }
}

/// Whether there is a stage or source of this name; if none is given, there is.
pub fn known(plan: &Plan, name: Option<&str>) -> Result<(), RunError> {
    name.map_or(Ok(()), |name| Target::find(plan, name).map(drop))
}

/// Something only the user can mend.
fn wrong(name: &'static str, message: String, help: Option<String>) -> RunError {
    RunError { name, message, help, origin: None, class: ErrorClass::Configuration }
}

/// A database that is asked from a thread that waits.
struct Asked {
    runtime: tokio::runtime::Runtime,
    database: AnyDatabase,
    what: String,
}

impl Asked {
    fn open(plan: &Plan, stage: &Stage) -> Result<Self, RunError> {
        let runtime = super::asynchronous()?;
        let what = sinks::describe(plan, &stage.domain);
        let database = sinks::open(plan, stage, &format!("positions, {}", owner()));
        let database = database.map_err(|error| database_error(error, &what, &[]))?;
        Ok(Self { runtime, database, what })
    }

    fn fail(&self, error: DatabaseError) -> RunError {
        database_error(error, &self.what, &[])
    }

    fn stored(&mut self) -> Result<sinks::positions::Stored, RunError> {
        let stored = self.runtime.block_on(self.database.positions());
        stored.map_err(|error| self.fail(error))
    }

    fn lock(&mut self) -> Result<sinks::positions::Stored, RunError> {
        let stored = self.runtime.block_on(self.database.lock_positions());
        stored.map_err(|error| self.fail(error))
    }

    fn set(&mut self, changes: &sinks::positions::Changes, request: &Request) -> Result<(), RunError> {
        // Whoever moves all positions knows what lies in the tables: that they are empty is no surprise to the next run.
        if request.partition.is_none() && request.file.is_none() {
            let forgotten = self.runtime.block_on(self.database.forget_rows());
            forgotten.map_err(|error| self.fail(error))?;
        }
        let set = self.runtime.block_on(self.database.set_positions(changes));
        set.map_err(|error| self.fail(error))
    }
}

/// The stages as they run: without servers all of them are one.
pub(super) fn stages(plan: &Plan) -> Result<Vec<Stage>, RunError> {
    if embedded::is_embedded(plan) { Ok(vec![embedded::global_stage(plan)?]) } else { Ok(plan.stages.clone()) }
}

/// The reader's own cursor of a source, wherever it lies.
pub(super) fn source_cursor(plan: &Plan, clusters: &mut Clusters<'_>, name: &str) -> Result<Option<String>, RunError> {
    if embedded::is_embedded(plan) {
        return Ok(Asked::open(plan, &embedded::global_stage(plan)?)?.stored()?.cursors.get(name).cloned());
    }
    Ok(sources::position(sources::cursor(plan, clusters, name)?.as_deref()))
}

/// Who hears that a server is waited for.
type Ear<'a> = &'a Arc<dyn Observer>;
