//! A source on its way into its topics: records are taken one by one, and what they became is visible from the commit on,
//! together with the position of the source.

use pipewright_plan::{BadRecordPolicy, Plan};

use super::world::{Log, Message};
use crate::codecs::{self, ColumnRequest};
use crate::engine::{Coverage, Emit, IngestCore, IngestHalt};
use crate::record::{DeadLetter, FileRecord};
use crate::report::{RunError, bug};

/// One source with the topics it feeds.
pub(super) struct SourcePlayer {
    pub(super) name: String,
    core: IngestCore,
    /// Where its topics stand in the world.
    topics: Vec<usize>,
    /// Only looks: its dead letters are those of another.
    pub(super) silent: bool,
    /// Bad records were met, whatever became of them. Outlives a test.
    pub(super) met_bad: bool,
    read: usize,
    committed: usize,
    /// Messages committed, by topic.
    sent: Vec<i64>,
    pending: Vec<(usize, i32, Message)>,
    pending_letters: Vec<DeadLetter>,
    pub(super) letters: Vec<DeadLetter>,
    pub(super) halted: Option<RunError>,
}

struct Collect<'c> {
    pending: &'c mut Vec<(usize, i32, Message)>,
    given: usize,
    clock: i64,
}

impl Emit for Collect<'_> {
    fn emit(
        &mut self,
        target: usize,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<(), RunError> {
        let message = Message {
            key: key.map(<[u8]>::to_vec),
            value: value.map(<[u8]>::to_vec),
            timestamp: self.clock,
            given: self.given,
        };
        self.pending.push((target, partition, message));
        Ok(())
    }
}

impl SourcePlayer {
    pub(super) fn new(
        plan: &Plan,
        name: &str,
        topics: &[(usize, i32)],
        silent: bool,
        coverage: &Coverage,
    ) -> Result<Self, RunError> {
        let source = plan.source(name).ok_or_else(|| bug(format!("the plan has no source `{name}`")))?;
        let targets = topics.iter().filter_map(|(at, partitions)| Some((plan.topics.get(*at)?, *partitions, 0)));
        let targets: Vec<_> = targets.collect();
        let decoder = |columns: &[ColumnRequest]| codecs::decoder(&source.format, columns, &source.schema);
        let core = IngestCore::covered(plan, source, &targets, 0, &decoder, Some(coverage))?;
        Ok(Self {
            name: name.to_string(),
            core,
            topics: topics.iter().map(|(at, _)| *at).collect(),
            silent,
            met_bad: false,
            read: 0,
            committed: 0,
            sent: vec![0; topics.len()],
            pending: vec![],
            pending_letters: vec![],
            letters: vec![],
            halted: None,
        })
    }

    /// As if nothing had ever been read.
    pub(super) fn begin(&mut self) {
        self.read = 0;
        self.committed = 0;
        self.sent.fill(0);
        self.letters.clear();
        self.crash();
    }

    /// What is not committed is lost; the position is that of the last commit.
    pub(super) fn crash(&mut self) {
        self.read = self.committed;
        self.pending.clear();
        self.pending_letters.clear();
        self.halted = None;
        self.core.restart(&self.sent);
    }

    /// Whether there is a record to take.
    pub(super) fn can_take(&self, records: usize) -> bool {
        self.halted.is_none() && self.read < records
    }

    /// Whether there is something to commit.
    pub(super) fn can_commit(&self) -> bool {
        self.read > self.committed
    }

    /// Takes the next record; gives the steps that let it fall.
    pub(super) fn take(&mut self, records: &[(Vec<u8>, usize)], clock: i64) -> Option<(usize, Vec<String>)> {
        let (bytes, given) = records.get(self.read)?;
        let before = self.core.counters().clone();
        self.core.clock = Some(clock);
        let at = self.read as u64;
        let record =
            FileRecord { bytes, file: "given", turn: 0, start: at, line: at + 1, lines: 1, torn: None, head: None };
        let mut collect = Collect { pending: &mut self.pending, given: *given, clock };
        let result = self.core.take(&record, &mut collect);
        self.met_bad |= before.skipped_before != self.core.counters().skipped_before;
        let letters = self.core.letters();
        self.met_bad |= letters.iter().any(|it| it.step.is_none());
        self.pending_letters.extend(letters);
        match result {
            Ok(()) => self.read += 1,
            Err(IngestHalt::Policy { error, taken }) => {
                self.met_bad = true;
                self.read += usize::from(taken);
                self.halted = Some(error);
            }
            Err(IngestHalt::Emit(error)) => self.halted = Some(error),
        }
        let now = self.core.counters();
        let fell = before.filtered.iter().zip(&now.filtered).zip(self.core.steps());
        Some((*given, fell.filter(|((was, is), _)| was != is).map(|(_, step)| step.clone()).collect()))
    }

    /// One transaction: messages, dead letters and the position.
    pub(super) fn commit(&mut self, logs: &mut [Log]) {
        for (target, partition, message) in self.pending.drain(..) {
            if let Some(sent) = self.sent.get_mut(target) {
                *sent += 1;
            }
            let log = self.topics.get(target).and_then(|at| logs.get_mut(*at));
            if let Some(log) = log {
                log.append(partition, message);
            }
        }
        self.letters.append(&mut self.pending_letters);
        self.committed = self.read;
    }

    /// The policy of its bad records is one that a test can meet.
    pub(super) fn policy(plan: &Plan, name: &str) -> Option<(pipewright_plan::Origin, BadRecordPolicy)> {
        plan.source(name).map(|it| (it.origin, it.on_bad_record.clone()))
    }
}
