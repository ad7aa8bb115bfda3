//! From a source's records to a topic's messages: decode, steps, keys, partition, encode. No I/O: messages go to an [`Emit`].

use std::hash::Hasher;

use bumpalo::Bump;
use pipewright_expr::{Datum, Row};
use pipewright_plan::{BadRecordPolicy, Origin, Partitioner, Plan, Source, Topic, Type};

use super::stage::{build_error, stopped, too_many};
use super::{
    BadRate, Counters, Coverage, Incoming, Input, MakeDecoder, Numbering, Output, Segment, Target, Values, Verdict,
    build_covered,
};
use crate::codecs::{self, Encoder};
use crate::connectors::kafka::keys;
use crate::connectors::kafka::partitioner::partition_of;
use crate::record::{BadRecord, DeadLetter, FileRecord, Original, RecordId};
use crate::report::{FirstBad, RunError, SourceSummary, bug};

/// Who takes the messages.
pub trait Emit {
    /// One message for the target topic of that index.
    fn emit(&mut self, target: usize, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>)
    -> Result<(), RunError>;
}

/// Why a source takes no more records.
pub enum IngestHalt {
    /// A policy.
    Policy {
        /// Which, and where.
        error: RunError,
        /// What became of the record is settled; otherwise it is the one to go on with.
        taken: bool,
    },
    /// A message could not be handed over.
    Emit(RunError),
}

/// One source on its way to its topics.
pub struct IngestCore {
    source: String,
    segment: Segment,
    numbering: Numbering,
    counters: Counters,
    bad_rate: BadRate,
    out: Messages,
    arena: Bump,
    /// What a dead letter's `topic` counts: behind the stage's topics come the sources.
    source_index: u16,
    /// What `now()` says; `None`: the time of the machine.
    pub clock: Option<i64>,
    /// Records that were counted, and then stopped the run.
    untaken: u64,
    good: u64,
    /// As long as there is no good one.
    first_bad: Option<FirstBad>,
    origin: Origin,
}

struct Messages {
    topics: Vec<TopicWriter>,
    letters: Vec<DeadLetter>,
    /// Encoded but not yet handed over: target, partition, key, value as ranges of `bytes`.
    ready: Vec<Ready>,
    bytes: Vec<u8>,
}

struct Ready {
    target: usize,
    partition: i32,
    key: Option<(usize, usize)>,
    value: Option<(usize, usize)>,
}

/// How one topic's messages are made.
struct TopicWriter {
    name: String,
    encoder: Box<dyn Encoder>,
    key: Vec<Type>,
    partition_key: Vec<Type>,
    partitioner: Partitioner,
    partitions: u32,
    /// Counts messages without a key, which are dealt out in turn; starts where the topic ends, so that a rerun deals the same.
    turn: i64,
    scratch: Vec<u8>,
}

impl IngestCore {
    /// Compiles a source. `topics`: what it feeds, with the number of partitions and of records already in each. `decoder`
    /// knows what heads its files.
    pub fn new(
        plan: &Plan,
        source: &Source,
        topics: &[(&Topic, i32, i64)],
        source_index: u16,
        decoder: MakeDecoder<'_>,
    ) -> Result<Self, RunError> {
        Self::covered(plan, source, topics, source_index, decoder, None)
    }

    /// The same, noting what records reach.
    pub fn covered(
        plan: &Plan,
        source: &Source,
        topics: &[(&Topic, i32, i64)],
        source_index: u16,
        decoder: MakeDecoder<'_>,
        coverage: Option<&Coverage>,
    ) -> Result<Self, RunError> {
        let targets: Vec<_> = topics.iter().map(|(topic, ..)| Target::Topic(topic)).collect();
        let mut numbering = Numbering::default();
        let segment = build_covered(plan, Input::Source(source), &targets, &mut numbering, decoder, coverage)
            .map_err(|error| build_error(error, source.origin))?;
        let writers = topics.iter().map(|(topic, partitions, records)| writer(topic, *partitions, *records));
        let topics = writers.collect::<Result<_, _>>()?;
        let counters = Counters::new(numbering.steps.len(), numbering.taps.len());
        Ok(Self {
            source: source.name.clone(),
            segment,
            numbering,
            counters,
            bad_rate: BadRate::new(plan.pipeline.max_bad_ppm),
            out: Messages { topics, letters: vec![], ready: vec![], bytes: vec![] },
            arena: Bump::new(),
            source_index,
            clock: None,
            untaken: 0,
            good: 0,
            first_bad: None,
            origin: source.origin,
        })
    }

    /// Takes one record of the source.
    pub fn take(&mut self, record: &FileRecord<'_>, emit: &mut dyn Emit) -> Result<(), IngestHalt> {
        let mut arena = std::mem::take(&mut self.arena);
        let result = self.take_into(record, &arena);
        arena.reset();
        self.arena = arena;
        if matches!(&result, Err(IngestHalt::Policy { taken: false, .. })) {
            self.out.ready.clear();
            self.out.bytes.clear();
            return result;
        }
        let ready = std::mem::take(&mut self.out.ready);
        let slice = |range: &Option<(usize, usize)>| range.and_then(|(from, to)| self.out.bytes.get(from..to));
        for message in &ready {
            emit.emit(message.target, message.partition, slice(&message.key), slice(&message.value))
                .map_err(IngestHalt::Emit)?;
        }
        self.out.ready = ready;
        self.out.ready.clear();
        self.out.bytes.clear();
        result
    }

    fn take_into(&mut self, record: &FileRecord<'_>, arena: &Bump) -> Result<(), IngestHalt> {
        let at = RecordId {
            topic: self.source_index,
            partition: file_number(record.file, record.turn),
            offset: i64::try_from(record.start).unwrap_or(i64::MAX),
        };
        let original =
            || Original { value: Some(record.bytes.to_vec()), headers: header_of(record), ..Original::default() };
        let incoming = Incoming {
            at,
            key: None,
            value: Some(record.bytes),
            timestamp: None,
            header: &|_| None,
            torn: record.torn,
            original: &original,
        };
        let mut row: Row<'_> = Row::new(self.segment.cells(), arena);
        row.clock = self.clock;
        let mut scratch: Vec<Datum<'_>> = Vec::new();
        let verdict = self.segment.process(&incoming, &mut row, &mut scratch, &mut self.counters, &mut self.out);
        match verdict {
            Verdict::Fine => self.good += 1,
            // Bad in one branch, and good in another.
            Verdict::Bad if !self.out.ready.is_empty() => self.good += 1,
            Verdict::Bad | Verdict::Undecodable if self.good == 0 && self.first_bad.is_none() => self.note(record),
            Verdict::Bad | Verdict::Undecodable | Verdict::Stop { .. } => {}
        }
        let passed = match verdict {
            Verdict::Fine => self.bad_rate.count(false),
            Verdict::Bad => self.bad_rate.count(true),
            // A quote that is closed by chance takes good lines along. Where the rest of a record is read as rows, they count
            // as what they are.
            Verdict::Undecodable => self.bad_rate.count_lines(record.lines),
            Verdict::Stop { letter, .. } => return Err(self.stopped_at(record, &letter)),
        };
        if passed {
            let error = too_many(&self.bad_rate, &self.source, self.out.letters.last());
            return Err(IngestHalt::Policy { error, taken: true });
        }
        Ok(())
    }

    #[cold]
    fn note(&mut self, record: &FileRecord<'_>) {
        // Without a letter the policy is not to look at bad records.
        let reason = self.out.letters.last().map(|it| it.bad.reason.clone()).unwrap_or_default();
        self.first_bad = Some(FirstBad { file: record.file.to_string(), line: record.line, reason });
    }

    #[cold]
    fn stopped_at(&mut self, record: &FileRecord<'_>, letter: &DeadLetter) -> IngestHalt {
        self.untaken += 1;
        let mut error = stopped(letter, &self.source);
        error.message = format!(
            "stopped at a bad record ({} line {}): {} [{}]",
            record.file, record.line, letter.bad.reason, letter.place
        );
        IngestHalt::Policy { error, taken: false }
    }

    /// As if it had just been compiled, with so many records in each topic.
    pub fn restart(&mut self, records: &[i64]) {
        for (topic, records) in self.out.topics.iter_mut().zip(records) {
            topic.turn = *records;
        }
        self.out.letters.clear();
        self.counters = Counters::new(self.numbering.steps.len(), self.numbering.taps.len());
        self.bad_rate.forget();
        self.untaken = 0;
        self.good = 0;
        self.first_bad = None;
    }

    /// From now on a record takes the way of a dead letter only. Gives on how many ways records come to the node.
    pub fn keep_way_of(&mut self, node: &str) -> usize {
        self.segment.keep_way_of(node)
    }

    /// What became of its records.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Bad records since the last call.
    pub fn letters(&mut self) -> Vec<DeadLetter> {
        std::mem::take(&mut self.out.letters)
    }

    /// What it did so far.
    pub fn summary(&self, read_before: u64) -> SourceSummary {
        let mut dead_letters = self.counters.undecodable.clone();
        let named = self.counters.bad.iter().chain(&self.counters.refused).flatten();
        for (name, count) in named {
            *dead_letters.entry(name.clone()).or_default() += count;
        }
        let skipped = self.counters.skipped.iter().chain(&self.counters.refused_skipped).sum::<u64>();
        SourceSummary {
            name: self.source.clone(),
            read: self.counters.read - self.untaken,
            read_before,
            filtered: self.counters.filtered.iter().sum(),
            dead_letters,
            letters_before: 0,
            skipped: skipped + self.counters.skipped_before,
            good: self.good,
            first_bad: self.first_bad.clone().filter(|_| self.good == 0),
            origin: Some(self.origin),
        }
    }

    /// Ids of its steps, for messages.
    pub fn steps(&self) -> &[String] {
        &self.numbering.steps
    }
}

fn writer(topic: &Topic, partitions: i32, records: i64) -> Result<TopicWriter, RunError> {
    let encoder = codecs::encoder(&topic.format, &topic.schema).map_err(|error| bug(error.to_string()))?;
    let types = |parts: &[pipewright_plan::Expr]| parts.iter().map(|it| it.ty.clone()).collect();
    Ok(TopicWriter {
        name: topic.name.clone(),
        encoder,
        key: types(&topic.key),
        partition_key: types(&topic.partitioning.key),
        partitioner: topic.partitioning.partitioner,
        partitions: u32::try_from(partitions).unwrap_or(1).max(1),
        turn: records,
        scratch: vec![],
    })
}

/// Under this name a dead letter has the line of its record.
const LINE: &str = "pipewright.line";
/// Under this name a dead letter has the names of its cells, as a JSON array.
pub const HEAD: &str = "pipewright.header";

/// A number for a file that stays the same from run to run: part of the identity of its dead letters.
fn file_number(path: &str, turn: u64) -> i32 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(path.as_bytes());
    if turn > 0 {
        hasher.write_u64(turn);
    }
    i32::try_from(hasher.finish() & 0x7fff_ffff).unwrap_or_default()
}

fn header_of(record: &FileRecord<'_>) -> Vec<(String, Option<Vec<u8>>)> {
    let mut headers = vec![
        ("pipewright.file".to_string(), Some(record.file.as_bytes().to_vec())),
        (LINE.to_string(), Some(record.line.to_string().into_bytes())),
    ];
    // So that the row can be read once more without its file.
    headers.extend(record.head.map(|names| (HEAD.to_string(), serde_json::to_vec(names).ok())));
    headers
}

impl Output for Messages {
    fn put(&mut self, target: usize, values: &Values<'_, '_>, _at: RecordId) -> Result<(), BadRecord> {
        let Some(topic) = self.topics.get_mut(target) else { return Ok(()) };
        let (key, partition) = topic.place(values, &mut self.bytes)?;
        let from = self.bytes.len();
        topic.encoder.encode(values.columns, &mut self.bytes)?;
        self.ready.push(Ready { target, partition, key, value: Some((from, self.bytes.len())) });
        Ok(())
    }

    fn delete(&mut self, target: usize, values: &Values<'_, '_>, _at: RecordId) -> Result<(), BadRecord> {
        let Some(topic) = self.topics.get_mut(target) else { return Ok(()) };
        let (key, partition) = topic.place(values, &mut self.bytes)?;
        self.ready.push(Ready { target, partition, key, value: None });
        Ok(())
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.letters.push(letter);
    }
}

impl TopicWriter {
    /// Writes the message key and chooses the partition.
    fn place(
        &mut self,
        values: &Values<'_, '_>,
        bytes: &mut Vec<u8>,
    ) -> Result<(Option<(usize, usize)>, i32), BadRecord> {
        let bad = |reason: String| BadRecord { name: "bad-key", reason, origin: None };
        let mut key = None;
        if !self.key.is_empty() {
            let from = bytes.len();
            keys::encode(values.key, &self.key, bytes).map_err(|why| bad(format!("key of `{}`: {why}", self.name)))?;
            key = Some((from, bytes.len()));
        }
        let mut placed = None;
        if !self.partition_key.is_empty() {
            self.scratch.clear();
            keys::encode(values.partition_key, &self.partition_key, &mut self.scratch)
                .map_err(|why| bad(format!("partition key of `{}`: {why}", self.name)))?;
            placed = Some(self.scratch.as_slice());
        }
        let partition = partition_of(self.partitioner, placed, self.partitions).unwrap_or_else(|| {
            let partition = self.turn % i64::from(self.partitions);
            self.turn += 1;
            i32::try_from(partition).unwrap_or_default()
        });
        Ok((key, partition))
    }
}

/// Whether bad records of a source need a place to go.
#[allow(dead_code, reason = "read by the ingest stage of real clusters")]
pub(super) fn keeps_letters(source: &Source) -> bool {
    matches!(source.on_bad_record, BadRecordPolicy::DeadLetter { .. })
}
