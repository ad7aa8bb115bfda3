//! Whether a record of the same key is in a topic already, where that matters.
//!
//! A key is what the topic and the tables behind it tell rows apart by: the message key of a changelog or compacted topic, and the keys
//! of upsert sinks, for which records go through the core of their stage. Invariant: what cannot be known counts as there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pipewright_plan::{Cleanup, Kind, Plan, Sink, Topic, Write};

use super::super::server::kafka_connection;
use super::record::{Again, KeyEncoder};
use super::source::Message;
use crate::connectors::kafka::scan::Scanner;
use crate::engine::StageCore;
use crate::record::{Original, RecordId};
use crate::report::RunError;
use crate::sinks::key;

/// A key, by the topic's index: the message key, or a row's with the numbers of stage and sink.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    Message(usize, Vec<u8>),
    Row(usize, usize, usize, Vec<u8>),
}

/// Whether the order of records in a topic matters to anything.
pub(super) fn matters(plan: &Plan, topic: &Topic) -> bool {
    keyed(topic) || !readers(plan, topic).is_empty()
}

fn keyed(topic: &Topic) -> bool {
    matches!(topic.kind, Kind::Changelog { .. }) || topic.cleanup == Cleanup::Compact
}

/// Stages with upsert sinks that read it, by index.
fn readers(plan: &Plan, topic: &Topic) -> Vec<usize> {
    let upsert = |it: &Sink| matches!(it.write, Write::Upsert { .. });
    let stages = plan.stages.iter().enumerate().filter(|(_, stage)| {
        stage.topics.contains(&topic.name) && stage.sinks.iter().filter_map(|it| plan.sink(it)).any(upsert)
    });
    stages.map(|(index, _)| index).collect()
}

/// A stage that reads a topic.
struct Reader {
    stage: usize,
    /// The topic's index in the stage.
    topic: u16,
    core: StageCore,
    upserts: Vec<bool>,
}

impl Reader {
    /// The keys of the rows of records, and whether some of these are refused.
    fn keys(&mut self, target: usize, records: &[Original]) -> Result<(Vec<Identity>, bool), RunError> {
        let place = |offset: i64| RecordId { topic: self.topic, partition: 0, offset };
        let mut positions = BTreeMap::from([((self.topic, 0), i64::MIN)]);
        let again = (0i64..).zip(records).map(|(offset, original)| Again { at: place(offset), original });
        let taken = self.core.take(again, &mut positions, &|_, _, offset| offset);
        taken.map_err(|halt| halt.error)?;
        let epoch = self.core.close(vec![]);
        drop(self.core.take_counters());
        let mut keys = Vec::new();
        for (sink, chunk) in epoch.chunks.iter().enumerate() {
            if !self.upserts.get(sink).copied().unwrap_or(false) {
                continue;
            }
            for row in &chunk.rows {
                let key = key::before(&chunk.bytes, row.start).0.to_vec();
                keys.push(Identity::Row(target, self.stage, sink, key));
            }
        }
        Ok((keys, !epoch.dead_letters.is_empty()))
    }
}

/// What is in the topics of a source.
pub(super) struct There<'a> {
    plan: &'a Plan,
    cluster: &'a str,
    topics: Vec<&'a Topic>,
    readers: Vec<Vec<Reader>>,
    found: BTreeSet<(usize, i32)>,
    /// Wanted keys, and whether they are there.
    wanted: HashMap<Identity, bool>,
    /// Partitions of which not all is known.
    doubts: BTreeMap<(usize, i32), &'static str>,
    /// Which file has sent a key by now.
    sent: HashMap<Identity, i32>,
}

impl<'a> There<'a> {
    pub(super) fn new(plan: &'a Plan, cluster: &'a str, topics: &[&'a Topic]) -> Result<Self, RunError> {
        let mut all = Vec::new();
        for topic in topics {
            let mut of_topic = Vec::new();
            for index in readers(plan, topic) {
                let Some(stage) = plan.stages.get(index) else { continue };
                let sinks: Vec<&Sink> = stage.sinks.iter().filter_map(|it| plan.sink(it)).collect();
                let core = StageCore::new(plan, stage, KeyEncoder::all(&sinks))?;
                let upserts = sinks.iter().map(|it| matches!(it.write, Write::Upsert { .. })).collect();
                let at = stage.topics.iter().position(|it| *it == topic.name).and_then(|it| u16::try_from(it).ok());
                of_topic.push(Reader { stage: index, topic: at.unwrap_or_default(), core, upserts });
            }
            all.push(of_topic);
        }
        let (found, wanted, doubts, sent) = Default::default();
        Ok(Self { plan, cluster, topics: topics.to_vec(), readers: all, found, wanted, doubts, sent })
    }

    fn identities(&mut self, message: &Message) -> Result<Vec<Identity>, RunError> {
        let mut all = Vec::new();
        let Some(topic) = self.topics.get(message.target) else { return Ok(all) };
        if let (true, Some(key)) = (keyed(topic), &message.key) {
            all.push(Identity::Message(message.target, key.clone()));
        }
        let original = Original { key: message.key.clone(), value: message.value.clone(), ..Original::default() };
        for reader in self.readers.get_mut(message.target).into_iter().flatten() {
            let (keys, _) = reader.keys(message.target, std::slice::from_ref(&original))?;
            all.extend(keys);
        }
        Ok(all)
    }

    /// Reads the partitions that these are for.
    pub(super) fn look_for<'m>(&mut self, messages: impl Iterator<Item = &'m Message>) -> Result<(), RunError> {
        for message in messages {
            for it in self.identities(message)? {
                self.wanted.insert(it, false);
            }
            self.found.insert((message.target, message.partition));
        }
        if self.found.is_empty() {
            return Ok(());
        }
        let connection = kafka_connection(self.plan, self.cluster)?;
        for (target, partition) in self.found.clone() {
            let Some(topic) = self.topics.get(target) else { continue };
            let scanner = Scanner::new(&connection, &topic.topic)?;
            let (low, end) = scanner.ends(partition)?;
            if low > 0 {
                let why = "older records of its topic are gone, so whether one of its key was there is not known";
                self.doubts.insert((target, partition), why);
                continue;
            }
            let mut batch = Vec::new();
            scanner.read(partition, low, end, &mut |_, original| {
                batch.push(original);
                if batch.len() < 1_000 { Ok(()) } else { self.hear(target, partition, &std::mem::take(&mut batch)) }
            })?;
            self.hear(target, partition, &batch)?;
        }
        Ok(())
    }

    fn hear(&mut self, target: usize, partition: i32, batch: &[Original]) -> Result<(), RunError> {
        let mut met = Vec::new();
        met.extend(batch.iter().filter_map(|it| it.key.clone()).map(|it| Identity::Message(target, it)));
        for reader in self.readers.get_mut(target).into_iter().flatten() {
            let (keys, refused) = reader.keys(target, batch)?;
            met.extend(keys);
            if refused {
                let why = "the topic holds records that the program refuses, of which one may be of its key";
                self.doubts.insert((target, partition), why);
            }
        }
        for it in met {
            if let Some(there) = self.wanted.get_mut(&it) {
                *there = true;
            }
        }
        Ok(())
    }

    /// Why these records of one file must not be written; if nothing hinders them, they count as written.
    pub(super) fn hinders<'m>(
        &mut self,
        messages: impl Iterator<Item = &'m Message>,
        file: i32,
    ) -> Result<Option<&'static str>, RunError> {
        let mut all = Vec::new();
        for message in messages {
            let ours = self.identities(message)?;
            if ours.iter().any(|it| self.wanted.get(it).copied().unwrap_or(true)) {
                return Ok(Some(
                    "a record of its key is in the topic already, and which of them is newer is not known",
                ));
            }
            if let Some(why) = self.doubts.get(&(message.target, message.partition)).filter(|_| !ours.is_empty()) {
                return Ok(Some(*why));
            }
            all.extend(ours);
        }
        if all.iter().any(|it| self.sent.get(it).is_some_and(|other| *other != file)) {
            return Ok(Some("a letter of another file has the same key, and which of them is newer is not known"));
        }
        self.sent.extend(all.into_iter().map(|it| (it, file)));
        Ok(None)
    }
}
