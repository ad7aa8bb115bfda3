//! What a run tells whoever started it: events while it runs, a summary at the end, errors with the exit code they mean.
//! Plain data; printing is the command line's.

use std::collections::BTreeMap;

use pipewright_plan::Origin;

/// Hears what happens. Called from several threads; must not block.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: Event);
}

/// Something happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run is ready and begins to move records.
    Started {
        /// The stages of this run.
        stages: Vec<String>,
        /// Bytes of all bounded sources that are still to be read, if known (compressed size for compressed files).
        bytes_to_read: Option<u64>,
    },
    /// A source got further. Absolute numbers since the start of this run.
    Source {
        /// Its name.
        source: String,
        /// Records read.
        records: u64,
        /// Bytes of the input consumed (compressed size for compressed files).
        bytes: u64,
    },
    /// An epoch was committed. Absolute numbers since the start of this run.
    Committed {
        /// The stage.
        stage: String,
        /// Epochs.
        epochs: u64,
        /// Records read and settled.
        records: u64,
        /// Bad records.
        dead_letters: u64,
        /// Records of the input that are still to be read, if known.
        behind: Option<u64>,
    },
    /// A server is away; it is tried again.
    Waiting {
        /// "PostgreSQL at 127.0.0.1:5432 (connection `warehouse`)"
        what: String,
        /// What it said.
        why: String,
    },
    /// It is back.
    Resumed {
        /// As above.
        what: String,
    },
    /// Partitions came or went.
    Assigned {
        /// The stage.
        stage: String,
        /// The partitions this instance has now, "topic[partition]".
        partitions: Vec<String>,
    },
    /// Worth a line in the log.
    Note {
        /// The line.
        text: String,
    },
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// One per ingest stage.
    pub sources: Vec<SourceSummary>,
    /// One per stage.
    pub stages: Vec<StageSummary>,
    /// Connection name and where its data lies, for people: a path or `user@host:port/database`.
    pub databases: BTreeMap<String, String>,
    /// Seconds between the first record and the last commit.
    pub seconds: f64,
    /// Why the run ended early, after it had begun. The numbers tell what was stored until then.
    pub failed: Option<RunError>,
    /// True if the program stopped because its bounded inputs ended, false if it was told to stop.
    pub ended: bool,
}

/// What a source did.
#[derive(Clone, Debug, Default)]
pub struct SourceSummary {
    /// Its name.
    pub name: String,
    /// Records read in this run.
    pub read: u64,
    /// Records that earlier runs had read already.
    pub read_before: u64,
    /// Records filtered on the way to the topic.
    pub filtered: u64,
    /// Bad records by name (`undecodable`, …), dead-lettered on the way to the topic.
    pub dead_letters: BTreeMap<String, u64>,
    /// Dead letters that earlier runs wrote.
    pub letters_before: u64,
    /// Bad records that the policy skips.
    pub skipped: u64,
    /// Records of this run that were good, whatever became of them.
    pub good: u64,
    /// The first bad record, as long as no good one has come.
    pub first_bad: Option<FirstBad>,
    /// Where it is declared.
    pub origin: Option<Origin>,
}

impl SourceSummary {
    /// It has read, and nothing of it was good: as an error, for a run that has come to its end.
    pub fn without_good(&self) -> Option<RunError> {
        let first = self.first_bad.as_ref().filter(|_| self.read > 0 && self.good == 0)?;
        let count =
            if self.read == 1 { "the only record".to_string() } else { format!("none of the {} records", self.read) };
        let is = if self.read == 1 { "is bad" } else { "is good" };
        let what = format!("`{}` line {}: {}", first.file, first.line, first.reason);
        let help = "look at them with `pipewright dead-letters ls`, and mend the file or the program".to_string();
        Some(RunError {
            name: "no-good-record",
            message: format!("{count} that `{}` has read {is}; {what}", self.name),
            help: Some(help),
            origin: self.origin,
            class: ErrorClass::Policy,
        })
    }
}

/// The first bad record of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstBad {
    /// Its file.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// Why it is bad.
    pub reason: String,
}

/// What a stage did.
#[derive(Clone, Debug, Default)]
pub struct StageSummary {
    /// Its id.
    pub id: String,
    /// Records read from its topics.
    pub read: u64,
    /// Bad before any branch (undecodable): no sink saw them. By name.
    pub dead_letters: BTreeMap<String, u64>,
    /// Dead letters of the program that earlier runs left, and nobody has dealt with.
    pub letters_before: u64,
    /// One per sink. For each: read = stored + deleted + not kept + filtered + undecodable + dead letters + skipped.
    pub sinks: Vec<SinkSummary>,
}

/// What a sink got.
#[derive(Clone, Debug, Default)]
pub struct SinkSummary {
    /// Its name.
    pub name: String,
    /// `connection.table`
    pub table: String,
    /// Records of the topics that lead to it.
    pub read: u64,
    /// Of those, bad before any step, dead-lettered.
    pub undecodable: u64,
    /// Of those, bad and skipped by policy.
    pub skipped: u64,
    /// Rows that the database was given for those that are stored: of records with one key that are committed together, the last.
    pub rows: u64,
    /// Records that were stored (a row that a later record of its epoch replaced counts: its record is settled).
    pub stored: u64,
    /// Records that deleted a row.
    pub deleted: u64,
    /// Records whose row or delete the database took and did not keep: a trigger of the table dropped it.
    pub not_kept: u64,
    /// Records that a `where` on the way dropped, by step (`transform.ordinal` → number).
    pub filtered: BTreeMap<String, u64>,
    /// Bad records on the way, by name of the reason.
    pub dead_letters: BTreeMap<String, u64>,
}

/// Why a run ended early.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct RunError {
    /// The stable name: `authentication-failed`, `column-missing`, `file-not-found`, `topic-recreated`, `too-many-bad-records`, ….
    pub name: &'static str,
    /// What is wrong, in the user's words.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The place in the program, if one is to blame.
    pub origin: Option<Origin>,
    /// What kind of end it is.
    pub class: ErrorClass,
}

/// The kind of an early end; the command line turns it into an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Something is wrong with program, file or server that the user must mend (exit 1).
    Configuration,
    /// A server is out of reach at the start (exit 3).
    OutOfReach,
    /// Going on would lose something (exit 4).
    WouldLose,
    /// A policy stopped it: `on_bad_record = stop`, `max_bad` (exit 5).
    Policy,
    /// Our own bug (exit 70).
    Bug,
}

/// A contradiction inside the plan or the program: not the user's fault, unless the plan was edited by hand.
pub(crate) fn bug(message: impl Into<String>) -> RunError {
    RunError {
        name: "internal-error",
        message: message.into(),
        help: Some("this is a bug of Pipewright (or the saved plan was edited): please report it".into()),
        origin: None,
        class: ErrorClass::Bug,
    }
}
