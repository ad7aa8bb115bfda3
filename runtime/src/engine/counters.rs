//! What became of the records, by step and by target. From these the summary shows that read = stored + dead-lettered +
//! filtered for every sink.

use std::collections::BTreeMap;

/// Counters of one stretch of records: of one topic in an epoch, of a source in a run, or of several added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records that came in.
    pub read: u64,
    /// Bad before any branch, by name.
    pub undecodable: BTreeMap<String, u64>,
    /// Bad before any branch, skipped by policy.
    pub skipped_before: u64,
    /// By step number: dropped by a `where` or by `as events { only = puts }`.
    pub filtered: Vec<u64>,
    /// By step number: bad, by name.
    pub bad: Vec<BTreeMap<String, u64>>,
    /// By step number: bad and skipped by policy.
    pub skipped: Vec<u64>,
    /// By tap number: rows put.
    pub put: Vec<u64>,
    /// By tap number: deletes.
    pub deleted: Vec<u64>,
    /// By tap number: refused by the encoder, by name.
    pub refused: Vec<BTreeMap<String, u64>>,
    /// By tap number: refused by the encoder and skipped by policy.
    pub refused_skipped: Vec<u64>,
}

impl Counters {
    /// Zeros for so many steps and taps.
    pub fn new(steps: usize, taps: usize) -> Self {
        Self {
            filtered: vec![0; steps],
            bad: vec![BTreeMap::new(); steps],
            skipped: vec![0; steps],
            put: vec![0; taps],
            deleted: vec![0; taps],
            refused: vec![BTreeMap::new(); taps],
            refused_skipped: vec![0; taps],
            ..Self::default()
        }
    }

    /// Adds what another stretch of the same stage counted.
    pub fn merge(&mut self, other: &Self) {
        fn numbers(sum: &mut Vec<u64>, other: &[u64]) {
            sum.resize(other.len().max(sum.len()), 0);
            sum.iter_mut().zip(other).for_each(|(sum, it)| *sum += it);
        }
        fn names(sum: &mut BTreeMap<String, u64>, other: &BTreeMap<String, u64>) {
            other.iter().for_each(|(name, count)| *sum.entry(name.clone()).or_default() += count);
        }
        fn lists(sum: &mut Vec<BTreeMap<String, u64>>, other: &[BTreeMap<String, u64>]) {
            sum.resize(other.len().max(sum.len()), BTreeMap::new());
            sum.iter_mut().zip(other).for_each(|(sum, it)| names(sum, it));
        }
        self.read += other.read;
        self.skipped_before += other.skipped_before;
        names(&mut self.undecodable, &other.undecodable);
        numbers(&mut self.filtered, &other.filtered);
        numbers(&mut self.skipped, &other.skipped);
        numbers(&mut self.put, &other.put);
        numbers(&mut self.deleted, &other.deleted);
        numbers(&mut self.refused_skipped, &other.refused_skipped);
        lists(&mut self.bad, &other.bad);
        lists(&mut self.refused, &other.refused);
    }

    pub(super) fn add(list: &mut [u64], at: usize) {
        if let Some(count) = list.get_mut(at) {
            *count += 1;
        }
    }

    pub(super) fn add_named(list: &mut [BTreeMap<String, u64>], at: usize, name: &str) {
        if let Some(names) = list.get_mut(at) {
            Self::name(names, name);
        }
    }

    pub(super) fn name(names: &mut BTreeMap<String, u64>, name: &str) {
        match names.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                names.insert(name.to_string(), 1);
            }
        }
    }
}
