//! What a stage has stored: the counters of its epochs, counted when an epoch is committed and never before.
//!
//! Invariant: what was taken and not stored (refused, abandoned, cut off by an error) is in no number of the summary.

use std::collections::{BTreeMap, VecDeque};

use super::committer::Done;
use crate::engine::Counters;
use crate::sinks::{NotKept, SinkRows};

/// What became of the records of a stage, by topic of the stage.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Epochs that are handed over and not decided.
    open: VecDeque<(u64, Vec<Counters>)>,
    /// What is stored, by topic.
    pub(super) topics: Vec<Counters>,
    /// Rows that the database refused after they had been encoded: sink, name, number.
    pub(super) refused: BTreeMap<usize, BTreeMap<String, u64>>,
    /// Rows that the database wrote, deleted or did not keep, by sink.
    pub(super) rows: BTreeMap<usize, SinkRows>,
}

impl Tally {
    /// An epoch is handed over.
    pub(super) fn submitted(&mut self, number: u64, counters: Vec<Counters>) {
        self.open.push_back((number, counters));
    }

    /// An epoch is stored. Older ones that were never decided are not: their records come again.
    pub(super) fn stored(&mut self, done: &Done) {
        while let Some((number, counters)) = self.open.pop_front() {
            if number < done.number {
                continue;
            }
            if number > done.number {
                self.open.push_front((number, counters));
                break;
            }
            self.topics.resize_with(counters.len().max(self.topics.len()), Counters::default);
            self.topics.iter_mut().zip(&counters).for_each(|(sum, it)| sum.merge(it));
        }
        for refused in &done.committed.refused {
            let names = self.refused.entry(refused.sink).or_default();
            *names.entry(refused.bad.name.to_string()).or_default() += 1;
        }
        for (sink, rows) in done.committed.rows.iter().enumerate() {
            let sum = self.rows.entry(sink).or_default();
            sum.stored += rows.stored;
            sum.deleted += rows.deleted;
            sum.not_kept.add(rows.not_kept);
        }
    }

    /// Records that are settled.
    pub(super) fn records(&self) -> u64 {
        self.topics.iter().map(|it| it.read).sum()
    }

    /// Dead letters before and in the steps.
    pub(super) fn dead_letters(&self) -> u64 {
        let named = |it: &Counters| it.bad.iter().chain(&it.refused).flat_map(|it| it.values()).sum::<u64>();
        self.topics.iter().map(|it| named(it) + it.undecodable.values().sum::<u64>()).sum()
    }

    /// What the database did not keep of a sink.
    pub(super) fn not_kept(&self, sink: usize) -> NotKept {
        self.rows.get(&sink).map(|it| it.not_kept).unwrap_or_default()
    }
}
