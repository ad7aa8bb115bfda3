//! Whether a later record of the same key came behind a letter: the topic is read again from the letters on.
//!
//! A later record goes the same way through the program, so keys are compared as the tables have them. Invariant: where it cannot be
//! known (retention, compaction, a later record that the mended program refuses), it is in doubt, and the letter stays.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pipewright_plan::{Kind, Plan, Sink, Stage, Topic, Write};

use super::super::server::kafka_connection;
use super::record::{Again, KeyEncoder, Record};
use crate::connectors::kafka::scan::Scanner;
use crate::engine::StageCore;
use crate::record::{DeadLetter, Original, RecordId};
use crate::report::{RunError, bug};
use crate::sinks::{Chunk, key};

/// Records that go through the program at once.
const BATCH: usize = 1_000;

/// Letters that are open, by place: nodes.
pub(super) type Open = BTreeMap<(String, i32, i64), BTreeSet<String>>;

/// Why a letter stays.
pub(super) const TAKEN: &str = "its record is no longer in the topic (retention or compaction), so whether a later one of its key came is not known";

/// Whether the order of records matters to the rows of a sink.
pub(super) fn matters(topic: &Topic, sink: &Sink) -> bool {
    matches!(sink.write, Write::Upsert { .. }) || matches!(topic.kind, Kind::Changelog { .. })
}

/// What came behind the letters of one node.
pub(super) struct Newer<'a> {
    scanner: Scanner,
    /// By partition: where the reading goes on.
    seen: BTreeMap<i32, i64>,
    heard: Heard<'a>,
}

/// A record by its number, and the version of its row.
type Version = (usize, Vec<u8>);

struct Heard<'a> {
    topic: &'a Topic,
    index: u16,
    node: &'a str,
    sinks: Vec<&'a Sink>,
    core: StageCore,
    open: &'a Open,
    /// Which records have rows of this key in a sink, and of which version.
    wanted: HashMap<(usize, Vec<u8>), Vec<Version>>,
    /// Which records have this message key.
    keys: HashMap<Vec<u8>, Vec<usize>>,
    places: Vec<RecordId>,
    concerned: BTreeSet<usize>,
    present: BTreeSet<usize>,
    /// Record and sink.
    newer: BTreeSet<(usize, usize)>,
    doubts: BTreeMap<usize, &'static str>,
}

impl<'a> Newer<'a> {
    /// For these records, in order, of which `chunks` holds the keys.
    pub(super) fn new(
        plan: &'a Plan,
        stage: &Stage,
        (index, node): (u16, &'a str),
        records: &[Record],
        chunks: &[Chunk],
        open: &'a Open,
    ) -> Result<Self, RunError> {
        let name = stage.topics.get(usize::from(index)).map(String::as_str).unwrap_or_default();
        let topic = plan.topic(name).ok_or_else(|| bug(format!("the plan has no topic `{name}`")))?;
        let sinks: Vec<&Sink> = stage.sinks.iter().filter_map(|it| plan.sink(it)).collect();
        let mut core = StageCore::new(plan, stage, KeyEncoder::all(&sinks))?;
        core.keep_way_of(index, node);
        let (mut wanted, mut concerned) = (HashMap::<_, Vec<_>>::new(), BTreeSet::new());
        for (sink, chunk) in chunks.iter().enumerate() {
            let Some(it) = sinks.get(sink).filter(|it| matters(topic, it)) else { continue };
            for row in &chunk.rows {
                let Ok(record) = records.binary_search_by(|it| it.at.cmp(&row.at)) else { continue };
                concerned.insert(record);
                // Facts have no key before them.
                if matches!(it.write, Write::Append) {
                    continue;
                }
                let (key, version) = key::before(&chunk.bytes, row.start);
                wanted.entry((sink, key.to_vec())).or_default().push((record, version.to_vec()));
            }
        }
        let (mut keys, mut seen) = (HashMap::<_, Vec<_>>::new(), BTreeMap::new());
        for (number, record) in records.iter().enumerate().filter(|(it, _)| concerned.contains(it)) {
            if let Some(key) = &record.original.key {
                keys.entry(key.clone()).or_default().push(number);
            }
            let first = seen.entry(record.at.partition).or_insert(record.at.offset);
            *first = record.at.offset.min(*first);
        }
        let scanner = Scanner::new(&kafka_connection(plan, &topic.connection)?, &topic.topic)?;
        let places = records.iter().map(|it| it.at).collect();
        let (present, newer, doubts) = Default::default();
        let heard =
            Heard { topic, index, node, sinks, core, open, wanted, keys, places, concerned, present, newer, doubts };
        Ok(Self { scanner, seen, heard })
    }

    /// Reads on, to the end of each partition as it is now.
    pub(super) fn read_on(&mut self) -> Result<(), RunError> {
        let Self { scanner, seen, heard } = self;
        for (partition, next) in seen.iter_mut() {
            let (low, end) = scanner.ends(*partition)?;
            let mut batch: Vec<(i64, Original)> = Vec::new();
            scanner.read(*partition, low.max(*next), end, &mut |offset, original| {
                batch.push((offset, original));
                if batch.len() < BATCH {
                    return Ok(());
                }
                heard.hear(*partition, &std::mem::take(&mut batch))
            })?;
            heard.hear(*partition, &batch)?;
            *next = end.max(*next);
        }
        Ok(())
    }

    /// Whether everything that the stage has stored of a partition was read.
    pub(super) fn covers(&self, partition: i32, position: i64) -> bool {
        self.seen.get(&partition).is_none_or(|seen| *seen >= position)
    }

    /// Whether a later record has the key of that record in a sink.
    pub(super) fn is_superseded(&self, record: usize, sink: usize) -> bool {
        self.heard.newer.contains(&(record, sink))
    }

    /// Why it cannot be known of a record.
    pub(super) fn doubt(&self, record: usize) -> Option<&'static str> {
        let heard = &self.heard;
        let gone = heard.concerned.contains(&record) && !heard.present.contains(&record);
        heard.doubts.get(&record).copied().or_else(|| gone.then_some(TAKEN))
    }
}

impl Heard<'_> {
    fn hear(&mut self, partition: i32, batch: &[(i64, Original)]) -> Result<(), RunError> {
        let topic = self.index;
        let at = |offset: i64| RecordId { topic, partition, offset };
        let mut positions = BTreeMap::from([((self.index, partition), i64::MIN)]);
        let again = batch.iter().map(|(offset, original)| Again { at: at(*offset), original });
        let taken = self.core.take(again, &mut positions, &|_, _, offset| offset);
        taken.map_err(|halt| halt.error)?;
        let epoch = self.core.close(vec![]);
        drop(self.core.take_counters());
        for (offset, original) in batch {
            let here = at(*offset);
            if let Ok(record) = self.places.binary_search(&here) {
                self.present.insert(record);
            }
            self.same_message_key(here, original);
        }
        for (sink, chunk) in epoch.chunks.iter().enumerate() {
            for row in &chunk.rows {
                let (key, version) = key::before(&chunk.bytes, row.start);
                for (record, before) in self.wanted.get(&(sink, key.to_vec())).into_iter().flatten() {
                    // Of versions the greater one stays, whichever came first.
                    let counts = row.delete || version >= before.as_slice();
                    if counts && self.places.get(*record).is_some_and(|it| is_behind(row.at, *it)) {
                        self.newer.insert((*record, sink));
                    }
                }
            }
        }
        for letter in &epoch.dead_letters {
            self.unreadable(letter, batch);
        }
        Ok(())
    }

    /// Facts of a changelog have no key in their table: there the message key tells.
    fn same_message_key(&mut self, here: RecordId, original: &Original) {
        let Some(key) = &original.key else { return };
        for record in self.keys.get(key).into_iter().flatten() {
            if !self.places.get(*record).is_some_and(|it| is_behind(here, *it)) {
                continue;
            }
            for (sink, it) in self.sinks.iter().enumerate() {
                if matches!(it.write, Write::Append) && matters(self.topic, it) {
                    self.newer.insert((*record, sink));
                }
            }
        }
    }

    /// A later record that the program refuses: it was refused before as well, or nobody knows its key.
    fn unreadable(&mut self, letter: &DeadLetter, batch: &[(i64, Original)]) {
        let place = (self.topic.topic.clone(), letter.at.partition, letter.at.offset);
        let nodes = self.open.get(&place);
        if nodes
            .is_some_and(|it| [&letter.node, &self.topic.name, self.node].iter().any(|node| it.contains(*node as &str)))
        {
            return;
        }
        let at = batch.binary_search_by(|(offset, _)| offset.cmp(&letter.at.offset));
        let key = at.ok().and_then(|it| batch.get(it)).and_then(|(_, it)| it.key.as_ref());
        let same = key.and_then(|it| self.keys.get(it)).map(Vec::as_slice).unwrap_or_default();
        // On a changelog other message keys are other rows.
        let tells = key.is_some() && matches!(self.topic.kind, Kind::Changelog { .. });
        for record in &self.concerned {
            let before = self.places.get(*record).is_some_and(|it| is_behind(letter.at, *it));
            if before && (!tells || same.contains(record)) {
                self.doubts.insert(*record, "a later record, which the program refuses now, may be of the same key");
            }
        }
    }
}

fn is_behind(later: RecordId, earlier: RecordId) -> bool {
    (later.topic, later.partition) == (earlier.topic, earlier.partition) && later.offset > earlier.offset
}
