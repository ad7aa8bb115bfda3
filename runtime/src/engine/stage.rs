//! The working half of a stage: segments, encoders, counters, and the epoch that is being filled. No I/O: `run` hands it
//! records of a consumer, `test` records of its memory.

use std::collections::BTreeMap;

use bumpalo::Bump;
use pipewright_expr::{Datum, Row};
use pipewright_plan::{Origin, Plan, Stage};

use super::{
    BadRate, BuildError, Counters, Coverage, Incoming, Input, Numbering, Output, Segment, Target, Values, Verdict,
    build_covered,
};
use crate::codecs::{self, ColumnRequest};
use crate::record::{BadRecord, DeadLetter, Original, RecordId};
use crate::report::{ErrorClass, RunError, bug};
use crate::sinks::{Chunk, Epoch, Move, RowEncoder};

/// The working half of a stage.
pub struct StageCore {
    segments: Vec<Segment>,
    out: EpochOutput,
    /// Its steps and taps.
    pub numbering: Numbering,
    /// What became of the records of the open epoch, by topic of the stage.
    pub counters: Vec<Counters>,
    bad_rate: BadRate,
    /// By (topic, partition): position before the epoch, position now.
    moves: BTreeMap<(u16, i32), (i64, i64)>,
    arena: Bump,
    epoch: u64,
    records: u64,
    /// What `now()` says; `None`: the time of the machine.
    pub clock: Option<i64>,
}

/// Records of one partition, one behind the other: where it stood before them and where it stands now.
struct Stretch {
    key: (u16, i32),
    previous: i64,
    next: i64,
}

/// What is being filled.
struct EpochOutput {
    encoders: Vec<Box<dyn RowEncoder>>,
    letters: Vec<DeadLetter>,
    letter_bytes: usize,
}

impl Output for EpochOutput {
    fn put(&mut self, target: usize, values: &Values<'_, '_>, at: RecordId) -> Result<(), BadRecord> {
        self.encoders.get_mut(target).map_or(Ok(()), |encoder| encoder.put(values.columns, at))
    }

    fn delete(&mut self, target: usize, values: &Values<'_, '_>, at: RecordId) -> Result<(), BadRecord> {
        self.encoders.get_mut(target).map_or(Ok(()), |encoder| encoder.delete(values.key, at))
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.letter_bytes += 256 + letter.original.as_ref().map_or(0, |it| it.value.as_ref().map_or(0, Vec::len));
        self.letters.push(letter);
    }
}

/// A record on its way into a stage, whoever holds its bytes.
pub trait StageRecord<'b> {
    /// Index of the topic in its stage, partition, offset as the reader counts.
    fn place(&self) -> (u16, i32, i64);
    /// The message key.
    fn key(&self) -> Option<&'b [u8]>;
    /// The value; `None` is a tombstone.
    fn value(&self) -> Option<&'b [u8]>;
    /// Kafka's record time, microseconds since 1970.
    fn timestamp(&self) -> Option<i64>;
    /// The last header of that name.
    fn header(&self, name: &str) -> Option<&'b [u8]>;
    /// All of it, copied.
    fn original(&self) -> Original;
}

/// Why a stage takes no more records.
pub struct Halt {
    /// Why.
    pub error: RunError,
    /// The epoch holds rows of the record that stopped it: it must not be committed.
    pub drop_epoch: bool,
}

impl StageCore {
    /// Compiles a stage. `encoders`: one per sink, in the stage's order.
    pub fn new(plan: &Plan, stage: &Stage, encoders: Vec<Box<dyn RowEncoder>>) -> Result<Self, RunError> {
        Self::covered(plan, stage, encoders, None)
    }

    /// The same, noting what records reach.
    pub fn covered(
        plan: &Plan,
        stage: &Stage,
        encoders: Vec<Box<dyn RowEncoder>>,
        coverage: Option<&Coverage>,
    ) -> Result<Self, RunError> {
        let sinks: Vec<_> = stage.sinks.iter().filter_map(|name| plan.sink(name)).collect();
        let targets: Vec<_> = sinks.iter().map(|sink| Target::Sink(sink)).collect();
        let mut numbering = Numbering::default();
        let mut segments = Vec::new();
        for name in &stage.topics {
            let topic = plan.topic(name).ok_or_else(|| bug(format!("the plan has no topic `{name}`")))?;
            let decoder = |columns: &[ColumnRequest]| codecs::decoder(&topic.format, columns, &topic.schema);
            let segment = build_covered(plan, Input::Topic(topic), &targets, &mut numbering, &decoder, coverage);
            segments.push(segment.map_err(|error| build_error(error, topic.origin))?);
        }
        let counters = zeros(&numbering, segments.len());
        Ok(Self {
            segments,
            out: EpochOutput { encoders, letters: vec![], letter_bytes: 0 },
            numbering,
            counters,
            bad_rate: BadRate::new(plan.pipeline.max_bad_ppm),
            moves: BTreeMap::new(),
            arena: Bump::new(),
            epoch: 0,
            records: 0,
            clock: None,
        })
    }

    /// From now on a record takes the way of a dead letter only: to what hangs on the node that refused it. Gives on how many ways
    /// records of that topic come to the node.
    pub fn keep_way_of(&mut self, topic: u16, node: &str) -> usize {
        self.segments.get_mut(usize::from(topic)).map_or(0, |it| it.keep_way_of(node))
    }

    /// Takes a batch in. `skip(record)` is true for records that are not to be processed (before the position).
    /// `map` turns Kafka's offset into the one that is stored.
    pub fn take<'b, R: StageRecord<'b>>(
        &mut self,
        records: impl Iterator<Item = R>,
        positions: &mut BTreeMap<(u16, i32), i64>,
        map: &dyn Fn(u16, i32, i64) -> i64,
    ) -> Result<(), Halt> {
        let mut arena = std::mem::take(&mut self.arena);
        let result = self.take_into(records, positions, map, &arena);
        arena.reset();
        self.arena = arena;
        result
    }

    fn take_into<'a, 'b: 'a, R: StageRecord<'b>>(
        &mut self,
        records: impl Iterator<Item = R>,
        positions: &mut BTreeMap<(u16, i32), i64>,
        map: &dyn Fn(u16, i32, i64) -> i64,
        arena: &'a Bump,
    ) -> Result<(), Halt> {
        let mut rows: Vec<Row<'a>> = self.segments.iter().map(|it| Row::new(it.cells(), arena)).collect();
        rows.iter_mut().for_each(|it| it.clock = self.clock);
        let mut scratch: Vec<Datum<'a>> = Vec::new();
        let mut outcome = Ok(());
        let mut run: Option<Stretch> = None;
        for record in records {
            let (topic, partition, read_at) = record.place();
            let key = (topic, partition);
            if run.as_ref().is_none_or(|it| it.key != key) {
                self.moved(run.take(), positions);
                run = positions.get(&key).map(|next| Stretch { key, previous: *next, next: *next });
            }
            let Some(run) = &mut run else { continue };
            let offset = map(topic, partition, read_at);
            if offset < run.next {
                continue;
            }
            let index = usize::from(topic);
            let (Some(segment), Some(row), Some(counters)) =
                (self.segments.get_mut(index), rows.get_mut(index), self.counters.get_mut(index))
            else {
                continue;
            };
            let at = RecordId { topic, partition, offset };
            let verdict = process(segment, &record, at, row, &mut scratch, counters, &mut self.out);
            if let Verdict::Stop { letter, written } = verdict {
                // It is read again: this run has not settled it.
                counters.read = counters.read.saturating_sub(1);
                outcome = Err(Halt { error: stopped(&letter, segment.name()), drop_epoch: written });
                break;
            }
            run.next = offset + 1;
            self.records += 1;
            if self.bad_rate.count(matches!(verdict, Verdict::Bad | Verdict::Undecodable)) {
                let error = too_many(&self.bad_rate, segment.name(), self.out.letters.last());
                outcome = Err(Halt { error, drop_epoch: false });
                break;
            }
        }
        self.moved(run, positions);
        outcome
    }

    /// Notes how far a partition has come.
    fn moved(&mut self, run: Option<Stretch>, positions: &mut BTreeMap<(u16, i32), i64>) {
        let Some(Stretch { key, previous, next }) = run else { return };
        if next > previous {
            positions.insert(key, next);
            self.moves.entry(key).or_insert((previous, previous)).1 = next;
        }
    }

    /// Records since the last epoch was closed, and bytes held.
    pub fn size(&self) -> (u64, u64) {
        let bytes: usize = self.out.encoders.iter().map(|it| it.bytes()).sum();
        (self.records, (bytes + self.out.letter_bytes) as u64)
    }

    /// Whether there is anything to commit.
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty() && self.out.letters.is_empty()
    }

    /// Dead letters that came from elsewhere (the sources of an embedded run).
    pub fn add_letters(&mut self, letters: Vec<DeadLetter>) {
        letters.into_iter().for_each(|letter| self.out.dead_letter(letter));
    }

    /// Hands the epoch over. `recycled`: chunks of a committed epoch, whose buffers are used again.
    pub fn close(&mut self, recycled: Vec<Chunk>) -> Epoch {
        self.epoch += 1;
        self.records = 0;
        self.out.letter_bytes = 0;
        let mut recycled = recycled.into_iter();
        let chunks = self.out.encoders.iter_mut().map(|it| it.take(recycled.next().unwrap_or_default())).collect();
        let moves = std::mem::take(&mut self.moves)
            .into_iter()
            .map(|((topic, partition), (previous, next))| Move { topic, partition, previous, next, generation: 0 })
            .collect();
        Epoch {
            number: self.epoch,
            chunks,
            dead_letters: std::mem::take(&mut self.out.letters),
            moves,
            ..Epoch::default()
        }
    }

    /// What became of the records of the epoch that was just closed, by topic.
    pub fn take_counters(&mut self) -> Vec<Counters> {
        let fresh = zeros(&self.numbering, self.segments.len());
        std::mem::replace(&mut self.counters, fresh)
    }

    /// As if it had just been compiled.
    pub fn restart(&mut self) {
        self.abandon();
        self.epoch = 0;
        self.bad_rate.forget();
    }

    /// Forgets what was not committed.
    pub fn abandon(&mut self) {
        drop(self.close(vec![]));
        drop(self.take_counters());
    }
}

fn zeros(numbering: &Numbering, topics: usize) -> Vec<Counters> {
    vec![Counters::new(numbering.steps.len(), numbering.taps.len()); topics]
}

#[allow(clippy::too_many_arguments)]
fn process<'a, 'b: 'a>(
    segment: &mut Segment,
    record: &impl StageRecord<'b>,
    at: RecordId,
    row: &mut Row<'a>,
    scratch: &mut Vec<Datum<'a>>,
    counters: &mut Counters,
    out: &mut EpochOutput,
) -> Verdict {
    let header = |name: &str| -> Option<&'a [u8]> { record.header(name) };
    let original = || record.original();
    let incoming = Incoming {
        at,
        key: record.key(),
        value: record.value(),
        timestamp: record.timestamp(),
        header: &header,
        torn: None,
        original: &original,
    };
    segment.process(&incoming, row, scratch, counters, out)
}

/// A plan that cannot be compiled.
pub(crate) fn build_error(error: BuildError, origin: Origin) -> RunError {
    match error {
        BuildError::Plan(message) => bug(message),
        BuildError::Codec(error) => RunError {
            name: error.name,
            message: error.message,
            help: error.help,
            origin: Some(origin),
            class: ErrorClass::Configuration,
        },
    }
}

pub(crate) fn stopped(letter: &DeadLetter, input: &str) -> RunError {
    let RecordId { partition, offset, .. } = letter.at;
    RunError {
        name: "stopped-at-bad-record",
        message: format!(
            "stopped at a bad record ({} partition {partition}, offset {offset}): {} [{}]",
            input, letter.bad.reason, letter.place
        ),
        help: Some(
            "mend the data or the program and start again: it goes on at this record. Or `on_bad_record = dead_letter`"
                .into(),
        ),
        origin: letter.bad.origin,
        class: ErrorClass::Policy,
    }
}

pub(crate) fn too_many(rate: &BadRate, input: &str, last: Option<&DeadLetter>) -> RunError {
    let reason = last.map_or_else(String::new, |it| format!("; the last one: {} [{}]", it.bad.reason, it.place));
    let help = "look at them with `pipewright dead-letters ls`; raise `max_bad`, or mend the program, run it, and send them through \
                it again with `pipewright dead-letters replay`";
    RunError {
        name: "too-many-bad-records",
        message: format!(
            "{} of the last {} records of `{input}` were bad, more than `max_bad` allows{reason}",
            rate.bad(),
            rate.window()
        ),
        help: Some(help.into()),
        origin: last.and_then(|it| it.bad.origin),
        class: ErrorClass::Policy,
    }
}
