//! A stage on some lanes: each carries some partitions, fills an epoch, and commits it on its own.

use std::collections::BTreeMap;

use pipewright_plan::{Plan, Sink, Stage};

use super::memory::{Heap, MemoryEncoder, Store};
use super::world::{Log, Message};
use crate::engine::{Counters, Coverage, StageCore, StageRecord};
use crate::record::Original;
use crate::report::RunError;
use crate::sinks::RowEncoder;

/// More lanes show nothing that two do not.
pub(super) const LANES: usize = 2;

/// One stage.
pub(super) struct StagePlayer {
    pub(super) stage: Stage,
    /// Where its topics stand in the world.
    pub(super) topics: Vec<usize>,
    pub(super) silent: bool,
    /// Plays in this test.
    pub(super) active: bool,
    /// Topics whose bad records were met. Outlives a test.
    pub(super) met_bad: Vec<bool>,
    lanes: Vec<Lane>,
    pub(super) store: Store,
    heap: Heap,
    pub(super) halted: Option<RunError>,
}

struct Lane {
    core: StageCore,
    positions: BTreeMap<(u16, i32), i64>,
}

/// What a record became.
#[derive(Default)]
pub(super) struct Fate {
    /// The given row it came from.
    pub(super) given: usize,
    /// Steps that let it fall.
    pub(super) fell: Vec<String>,
    /// A put that became a delete.
    pub(super) deleted: bool,
}

struct Stored<'b> {
    place: (u16, i32, i64),
    message: &'b Message,
}

impl<'b> StageRecord<'b> for Stored<'b> {
    fn place(&self) -> (u16, i32, i64) {
        self.place
    }

    fn key(&self) -> Option<&'b [u8]> {
        self.message.key.as_deref()
    }

    fn value(&self) -> Option<&'b [u8]> {
        self.message.value.as_deref()
    }

    fn timestamp(&self) -> Option<i64> {
        Some(self.message.timestamp)
    }

    fn header(&self, _: &str) -> Option<&'b [u8]> {
        None
    }

    fn original(&self) -> Original {
        Original {
            key: self.message.key.clone(),
            value: self.message.value.clone(),
            headers: vec![],
            timestamp: Some(self.message.timestamp),
        }
    }
}

impl StagePlayer {
    pub(super) fn new(plan: &Plan, stage: &Stage, silent: bool, coverage: &Coverage) -> Result<Self, RunError> {
        let heap = Heap::default();
        let sinks = sinks(plan, stage);
        let mut lanes = Vec::with_capacity(LANES);
        for _ in 0..LANES {
            let encoders = sinks.iter().map(|it| Box::new(MemoryEncoder::new(it, heap.clone())) as Box<dyn RowEncoder>);
            let core = StageCore::covered(plan, stage, encoders.collect(), Some(coverage))?;
            lanes.push(Lane { core, positions: BTreeMap::new() });
        }
        let topics = stage.topics.iter().filter_map(|name| plan.topics.iter().position(|it| it.name == *name));
        Ok(Self {
            stage: stage.clone(),
            topics: topics.collect(),
            silent,
            active: true,
            met_bad: vec![false; stage.topics.len()],
            lanes,
            store: Store::default(),
            heap,
            halted: None,
        })
    }

    /// As if nothing had ever been read.
    pub(super) fn begin(&mut self) {
        self.store.clear(self.stage.sinks.len());
        self.heap.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }

    /// Lanes from scratch, over what is stored. `deal` says which lane carries a partition.
    pub(super) fn start(&mut self, logs: &[Log], mut deal: impl FnMut() -> usize) {
        self.halted = None;
        for lane in &mut self.lanes {
            lane.core.restart();
            lane.positions.clear();
        }
        let lanes = self.lanes.len().max(1);
        for (topic, at) in (0u16..).zip(&self.topics) {
            let partitions = logs.get(*at).map_or(0, |it| it.partitions.len());
            for partition in (0i32..).take(partitions) {
                let stored = self.store.positions.entry((topic, partition)).or_default();
                if let Some(lane) = self.lanes.get_mut(deal() % lanes) {
                    lane.positions.insert((topic, partition), *stored);
                }
            }
        }
    }

    /// Partitions with records that are not read yet: lane, topic in the stage, partition.
    pub(super) fn readable(&self, logs: &[Log], found: &mut Vec<(usize, u16, i32)>) {
        if self.halted.is_some() || !self.active {
            return;
        }
        for (number, lane) in self.lanes.iter().enumerate() {
            for ((topic, partition), next) in &lane.positions {
                let log = self.topics.get(usize::from(*topic)).and_then(|at| logs.get(*at));
                if log.is_some_and(|it| it.get(*partition, *next).is_some()) {
                    found.push((number, *topic, *partition));
                }
            }
        }
    }

    /// Lanes with something to commit.
    pub(super) fn committable(&self) -> impl Iterator<Item = usize> {
        self.lanes.iter().enumerate().filter(|(_, lane)| !lane.core.is_empty()).map(|(number, _)| number)
    }

    /// Takes the next record of a partition.
    pub(super) fn take(&mut self, logs: &[Log], lane: usize, topic: u16, partition: i32, clock: i64) -> Option<Fate> {
        let lane = self.lanes.get_mut(lane)?;
        let next = *lane.positions.get(&(topic, partition))?;
        let message = logs.get(*self.topics.get(usize::from(topic))?)?.get(partition, next)?;
        let before = lane.core.counters.get(usize::from(topic))?.clone();
        lane.core.clock = Some(clock);
        let record = Stored { place: (topic, partition, next), message };
        let taken = lane.core.take(std::iter::once(record), &mut lane.positions, &|_, _, offset| offset);
        let now = lane.core.counters.get(usize::from(topic))?;
        let is_bad = sum(&before.undecodable) != sum(&now.undecodable) || before.skipped_before != now.skipped_before;
        if let Some(met) = self.met_bad.get_mut(usize::from(topic)) {
            *met |= is_bad || taken.is_err();
        }
        let fell = before.filtered.iter().zip(&now.filtered).zip(&lane.core.numbering.steps);
        let fate = Fate {
            given: message.given,
            fell: fell.filter(|((was, is), _)| was != is).map(|(_, step)| step.clone()).collect(),
            deleted: message.value.is_some() && total(&before) != total(now),
        };
        if let Err(halt) = taken {
            if halt.drop_epoch {
                lane.core.abandon();
            }
            self.halted = Some(halt.error);
        }
        Some(fate)
    }

    /// Commits the epoch of a lane.
    pub(super) fn commit(&mut self, plan: &Plan, lane: usize, clock: i64) {
        let Some(lane) = self.lanes.get_mut(lane) else { return };
        let epoch = lane.core.close(vec![]);
        if let Err(error) = self.store.commit(&sinks(plan, &self.stage), epoch, &self.heap, clock) {
            self.halted = Some(error);
        }
    }
}

fn sinks<'p>(plan: &'p Plan, stage: &Stage) -> Vec<&'p Sink> {
    stage.sinks.iter().filter_map(|it| plan.sink(it)).collect()
}

fn sum(names: &BTreeMap<String, u64>) -> u64 {
    names.values().sum()
}

fn total(counters: &Counters) -> u64 {
    counters.deleted.iter().sum()
}
