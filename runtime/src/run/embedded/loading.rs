//! The thread that loads: sources into the topics of the process, with marks that tie the ends of the topics to the cursors
//! of the sources.
//!
//! Invariant: a mark with cursors holds exactly what was sent when the sources stood there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbeam_channel::Sender;
use pipewright_plan::{Plan, Stage, Topic};
use serde::{Deserialize, Serialize};

use super::super::bug;
use super::super::signal::StopSignal;
use crate::codecs::ColumnRequest;
use crate::connectors::files::{Answer, FileReader};
use crate::connectors::kafka::embedded::{EmbeddedLoader, SendError};
use crate::engine::{Emit, IngestCore, IngestHalt};
use crate::record::DeadLetter;
use crate::report::{ErrorClass, Event, Observer, RunError, SourceSummary};

/// Where the topics stood when the sources stood at their cursors.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Standing {
    /// Logical end offsets by topic.
    pub(super) offsets: BTreeMap<String, Vec<i64>>,
    /// Records read by source, over all runs.
    pub(super) read: BTreeMap<String, u64>,
}

/// The name under which [`Standing`] is stored beside the cursors of the sources.
pub(super) const STANDING: &str = "*";

/// A point that the loader has passed: once everything before it is in an epoch, the epoch may carry its cursors.
pub(super) struct Mark {
    /// Logical end offsets by topic index.
    pub(super) ends: Vec<Vec<i64>>,
    pub(super) cursors: BTreeMap<String, String>,
    pub(super) letters: Vec<DeadLetter>,
    /// Nothing comes after it.
    pub(super) last: Option<LoadEnd>,
}

/// How loading ended.
pub(super) struct LoadEnd {
    pub(super) sources: Vec<SourceSummary>,
    pub(super) error: Option<RunError>,
    pub(super) ended: bool,
}

/// The thread that loads.
pub(super) struct Loading {
    pub(super) plan: Plan,
    pub(super) stage: Stage,
    pub(super) bases: Arc<Vec<Vec<i64>>>,
    pub(super) cursors: BTreeMap<String, String>,
    pub(super) standing: Standing,
    pub(super) loader: EmbeddedLoader,
    pub(super) marks: Sender<Mark>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) stop: Arc<StopSignal>,
}

/// Marks are set this often: what a killed run loads again at most.
pub(super) const MARK_RECORDS: u64 = 5_000;

impl Loading {
    pub(super) fn run(mut self) {
        let mut sources = Vec::new();
        let result = self.load_all(&mut sources);
        let (error, ended) = match result {
            Ok(ended) => (None, ended),
            Err(error) => (Some(error), false),
        };
        let error = error.or_else(|| self.loader.flush().err());
        let ended = ended && error.is_none();
        self.mark(vec![], Some(LoadEnd { sources, error, ended }));
    }

    /// True if every source came to its end.
    fn load_all(&mut self, summaries: &mut Vec<SourceSummary>) -> Result<bool, RunError> {
        let plan = self.plan.clone();
        let fed: Vec<_> = plan.ingest.iter().filter(|it| self.stage.topics.contains(&it.topic)).collect();
        let names: std::collections::BTreeSet<_> = fed.iter().map(|it| it.source.clone()).collect();
        let mut readers = Vec::new();
        let mut to_read = Some(0);
        for name in &names {
            let source = plan.source(name).ok_or_else(|| bug(format!("the plan has no source `{name}`")))?;
            let connection = plan.connection(&source.connection).ok_or_else(|| bug("a source without a connection"))?;
            let cursor = self.cursors.get(name).map(String::as_str);
            let reader = FileReader::open(&connection.options, &source.options, &source.format, cursor)
                .map_err(|error| RunError { origin: error.origin.or(Some(source.origin)), ..error })?;
            to_read = to_read
                .zip(reader.total_bytes())
                .map(|(sum, bytes)| sum + bytes.saturating_sub(reader.consumed_bytes()));
            readers.push((source, reader));
        }
        self.observer.event(Event::Started { stages: vec![self.stage.id.clone()], bytes_to_read: to_read });
        let mut ended = true;
        for (index, (source, mut reader)) in readers.into_iter().enumerate() {
            let targets: Vec<(u16, &Topic)> = fed
                .iter()
                .filter(|it| it.source == source.name)
                .filter_map(|it| {
                    let at = self.stage.topics.iter().position(|topic| *topic == it.topic)?;
                    plan.topic(&it.topic).map(|topic| (u16::try_from(at).unwrap_or(u16::MAX), topic))
                })
                .collect();
            let with_counts: Vec<_> = targets
                .iter()
                .map(|(at, topic)| {
                    let ends = self.ends();
                    let ends = ends.get(usize::from(*at)).cloned().unwrap_or_default();
                    (*topic, i32::try_from(ends.len()).unwrap_or(1), ends.iter().sum())
                })
                .collect();
            let source_index = u16::try_from(self.stage.topics.len() + index).unwrap_or(u16::MAX);
            let decoder = |columns: &[ColumnRequest]| reader.decoder(columns, &source.schema);
            let mut core = IngestCore::new(&plan, source, &with_counts, source_index, &decoder)?;
            let read_before = self.standing.read.get(&source.name).copied().unwrap_or_default();
            let map: Vec<u16> = targets.iter().map(|(at, _)| *at).collect();
            let result = self.load(source, &mut reader, &mut core, &map, read_before);
            let summary = core.summary(read_before);
            summaries.push(summary);
            ended &= result?;
        }
        Ok(ended)
    }

    /// True if the source came to its end.
    fn load(
        &mut self,
        source: &pipewright_plan::Source,
        reader: &mut FileReader,
        core: &mut IngestCore,
        targets: &[u16],
        read_before: u64,
    ) -> Result<bool, RunError> {
        let mut since_mark = 0;
        let consumed_before = reader.consumed_bytes();
        loop {
            if self.stop.requested() {
                return Ok(false);
            }
            let mut emit = ToLoader { loader: &self.loader, targets };
            let mut halt: Option<IngestHalt> = None;
            let progress = reader.next_batch_while(1_000, 1 << 20, &mut |record| {
                halt = core.take(&record, &mut emit).err();
                match &halt {
                    None => Answer::Taken,
                    Some(IngestHalt::Policy { taken: true, .. }) => Answer::Enough,
                    Some(IngestHalt::Policy { taken: false, .. } | IngestHalt::Emit(_)) => Answer::Refused,
                }
            });
            let letters = core.letters();
            let summary = core.summary(read_before);
            if let Some(IngestHalt::Emit(error)) = halt {
                // Some messages of a record may be sent, and others not: this batch is loaded again next time.
                self.mark_letters(letters);
                return Err(error);
            }
            self.cursors.insert(source.name.clone(), reader.cursor());
            self.standing.read.insert(source.name.clone(), read_before + summary.read);
            if let Some(IngestHalt::Policy { error, .. }) = halt {
                // The cursor stands at the record that stopped us: everything before it is stored.
                self.mark(letters, None);
                return Err(error);
            }
            let progress = match progress {
                Ok(progress) => progress,
                Err(error) => {
                    self.mark(letters, None);
                    return Err(RunError { origin: error.origin.or(Some(source.origin)), ..error });
                }
            };
            since_mark += progress.records;
            self.observer.event(Event::Source {
                source: source.name.clone(),
                records: summary.read,
                bytes: reader.consumed_bytes().saturating_sub(consumed_before),
            });
            if since_mark >= MARK_RECORDS || progress.ended || !letters.is_empty() {
                since_mark = 0;
                self.mark(letters, None);
            }
            if progress.ended {
                return Ok(true);
            }
        }
    }

    /// Logical end offsets of what was sent, by topic index.
    fn ends(&self) -> Vec<Vec<i64>> {
        let mut ends = (*self.bases).clone();
        for (topic, partition, sent) in self.loader.end_offsets() {
            let topic = ends.get_mut(usize::from(topic));
            let end = topic.and_then(|it| it.get_mut(usize::try_from(partition).unwrap_or(usize::MAX)));
            if let Some(end) = end {
                *end += sent;
            }
        }
        ends
    }

    fn mark(&mut self, letters: Vec<DeadLetter>, last: Option<LoadEnd>) {
        let ends = self.ends();
        // After an error the topics may be ahead of the cursors: only what was marked before is a true pair.
        if last.as_ref().is_some_and(|it| it.error.is_some()) {
            let _ = self.marks.send(Mark { ends, cursors: BTreeMap::new(), letters, last });
            return;
        }
        let topics = self.stage.topics.iter().cloned();
        self.standing.offsets = topics.zip(ends.iter().cloned()).collect();
        if let Ok(text) = serde_json::to_string(&self.standing) {
            self.cursors.insert(STANDING.into(), text);
        }
        // A lane that is gone needs no marks.
        let _ = self.marks.send(Mark { ends, cursors: self.cursors.clone(), letters, last });
    }

    /// Letters without a new cursor: their records are read again, and the letters are the same again.
    fn mark_letters(&mut self, letters: Vec<DeadLetter>) {
        let mark = Mark { ends: vec![], cursors: BTreeMap::new(), letters, last: None };
        let _ = self.marks.send(mark);
    }
}

/// What ends loading when the lane has ended: not an error of its own.
pub(super) const STOPPED: &str = "stopped";

pub(super) struct ToLoader<'a> {
    pub(super) loader: &'a EmbeddedLoader,
    pub(super) targets: &'a [u16],
}

impl Emit for ToLoader<'_> {
    fn emit(
        &mut self,
        target: usize,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<(), RunError> {
        let topic = self.targets.get(target).copied().unwrap_or_default();
        match self.loader.send(topic, partition, key, value) {
            Ok(_) => Ok(()),
            Err(SendError::Failed(error)) => Err(error),
            Err(SendError::Stopped) => Err(RunError {
                name: STOPPED,
                message: "the run is stopping".into(),
                help: None,
                origin: None,
                class: ErrorClass::Bug,
            }),
        }
    }
}
