//! The thread that reads: batches into epochs, epochs to the committer, marks that are passed into the next epoch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use pipewright_plan::{Plan, Stage};

use super::super::bug;
use super::super::committer::{Committer, Done, Reply};
use super::super::tally::Tally;
use super::base;
use super::loading::{LoadEnd, Mark};
use crate::connectors::kafka::embedded::{EmbeddedLoader, EmbeddedReader};
use crate::engine::{Halt, StageCore, StageRecord};
use crate::report::{ErrorClass, Event, Observer, RunError};
use crate::sinks::{Chunk, Epoch, Move};

/// The thread that reads.
pub(super) struct Lane<'a> {
    pub(super) plan: &'a Plan,
    pub(super) stage: &'a Stage,
    pub(super) committer: Committer,
    pub(super) loader: &'a EmbeddedLoader,
    pub(super) bases: &'a Arc<Vec<Vec<i64>>>,
    pub(super) marks: Receiver<Mark>,
    /// Marks that are not reached yet, oldest first.
    pub(super) pending: VecDeque<Mark>,
    pub(super) end: Option<LoadEnd>,
    /// Where the database stood at the start. What a rerun loads before that is passed over.
    pub(super) stored: BTreeMap<(u16, i32), i64>,
    pub(super) in_flight: usize,
    pub(super) recycled: Vec<Vec<Chunk>>,
    pub(super) tally: Tally,
    pub(super) epochs: u64,
    pub(super) observer: Arc<dyn Observer>,
}

impl Lane<'_> {
    pub(super) fn run(
        &mut self,
        core: &mut StageCore,
        reader: &mut EmbeddedReader,
        positions: &mut BTreeMap<(u16, i32), i64>,
    ) -> Result<LoadEnd, RunError> {
        let commit = self.plan.pipeline.commit;
        let interval = Duration::from_micros(u64::try_from(commit.interval_us).unwrap_or(250_000));
        let bases = Arc::clone(self.bases);
        let logical = move |topic: u16, partition: i32, offset: i64| offset + base(&bases, topic, partition);
        let mut opened = Instant::now();
        loop {
            while let Some(reply) = self.committer.reply() {
                self.reply(reply)?;
            }
            while let Ok(mut mark) = self.marks.try_recv() {
                core.add_letters(std::mem::take(&mut mark.letters));
                self.pending.push_back(mark);
            }
            let before = core.is_empty();
            let batch = reader.poll(Duration::from_millis(10), 4_096)?;
            self.pass_over(batch.iter());
            if let Err(halt) = core.take(batch.iter(), positions, &logical) {
                return Err(self.halt(halt, core));
            }
            drop(batch);
            if before {
                opened = Instant::now();
            }
            let reached = self.reached(positions);
            let done = self.end.is_some();
            let (records, bytes) = core.size();
            // A loader that waits for room waits for a commit.
            let full = records >= commit.rows || bytes >= commit.bytes || (records > 0 && self.loader.is_waiting());
            if done || full || (!core.is_empty() && opened.elapsed() >= interval) {
                let mut epoch = core.close(self.recycled.pop().unwrap_or_default());
                self.tally.submitted(epoch.number, core.take_counters());
                epoch.cursors = reached.unwrap_or_default();
                fence(&mut epoch, positions);
                self.in_flight += 1;
                self.committer.commit(epoch)?;
                opened = Instant::now();
            } else if let Some(cursors) = reached {
                // Goes with the next epoch.
                self.pending.push_front(Mark { ends: vec![], cursors, letters: vec![], last: None });
            }
            if done {
                self.settle()?;
                // What was stored before need not even be read: the end may be reached without it.
                for ((topic, partition), stored) in std::mem::take(&mut self.stored) {
                    self.loader.committed(topic, partition, stored - base(self.bases, topic, partition));
                }
                return self.end.take().ok_or_else(|| bug("the end was lost"));
            }
        }
    }

    /// Records that an earlier run has stored come in no epoch: they are as good as committed, and make room for others.
    fn pass_over<'b>(&mut self, records: impl Iterator<Item = impl StageRecord<'b>>) {
        if self.stored.is_empty() {
            return;
        }
        let mut passed = BTreeMap::new();
        for record in records {
            let (topic, partition, at) = record.place();
            let key = (topic, partition);
            match self.stored.get(&key).map(|stored| stored - base(self.bases, topic, partition)) {
                Some(stored) if at < stored => drop(passed.insert(key, at + 1)),
                Some(_) => drop(self.stored.remove(&key)),
                None => {}
            }
        }
        for ((topic, partition), next) in passed {
            self.loader.committed(topic, partition, next);
        }
    }

    /// The cursors of the newest mark that everything read so far has passed; remembers the end.
    fn reached(&mut self, positions: &BTreeMap<(u16, i32), i64>) -> Option<BTreeMap<String, String>> {
        let mut cursors = None;
        while let Some(mark) = self.pending.front() {
            let passed = (0u16..).zip(&mark.ends).all(|(topic, ends)| {
                (0i32..)
                    .zip(ends)
                    .all(|(partition, end)| positions.get(&(topic, partition)).is_some_and(|at| at >= end))
            });
            if !passed {
                break;
            }
            let Some(mark) = self.pending.pop_front() else { break };
            if !mark.cursors.is_empty() {
                cursors = Some(mark.cursors);
            }
            if let Some(last) = mark.last {
                self.end = Some(last);
            }
        }
        cursors
    }

    fn reply(&mut self, reply: Reply) -> Result<(), RunError> {
        match reply {
            Reply::Committed(done) => {
                self.committed(done);
                Ok(())
            }
            Reply::Fenced(why) => Err(used_elsewhere(&why, &self.plan.pipeline.name)),
            Reply::Failed(error) => Err(error),
        }
    }

    fn committed(&mut self, done: Done) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.epochs = done.number;
        self.tally.stored(&done);
        for it in done.moves.iter().filter(|it| it.previous != it.next) {
            let local = it.next - base(self.bases, it.topic, it.partition);
            self.loader.committed(it.topic, it.partition, local);
        }
        self.recycled.push(done.chunks);
        self.observer.event(Event::Committed {
            stage: self.stage.id.clone(),
            epochs: done.number,
            records: self.tally.records(),
            dead_letters: self.tally.dead_letters(),
            behind: None,
        });
    }

    /// Waits until everything that was handed over is stored.
    fn settle(&mut self) -> Result<(), RunError> {
        while self.in_flight > 0 {
            if let Some(reply) = self.committer.wait(Duration::from_millis(200)) {
                self.reply(reply)?;
            }
        }
        Ok(())
    }

    /// A policy stops the run: what came before the record is stored first.
    fn halt(&mut self, halt: Halt, core: &mut StageCore) -> RunError {
        if halt.drop_epoch {
            core.abandon();
        } else {
            let epoch = core.close(vec![]);
            self.tally.submitted(epoch.number, core.take_counters());
            self.in_flight += 1;
            if let Err(error) = self.committer.commit(epoch) {
                return error;
            }
        }
        match self.settle() {
            Ok(()) => halt.error,
            Err(error) => error,
        }
    }
}

/// Cursors that come without rows are fenced as well: a move to where a partition stands takes its generation along.
fn fence(epoch: &mut Epoch, positions: &BTreeMap<(u16, i32), i64>) {
    if epoch.moves.is_empty()
        && !epoch.cursors.is_empty()
        && let Some((&(topic, partition), &at)) = positions.first_key_value()
    {
        epoch.moves.push(Move { topic, partition, previous: at, next: at, generation: 0 });
    }
}

/// Somebody else moves our positions.
pub(super) fn used_elsewhere(why: &str, program: &str) -> RunError {
    RunError {
        name: "fenced",
        message: format!("{why}: another run of `{program}` uses this database"),
        help: Some("an embedded program runs once at a time".into()),
        origin: None,
        class: ErrorClass::Configuration,
    }
}
