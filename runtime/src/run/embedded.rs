//! A run without servers: topics live in this process, one thread loads the sources into them, one reads them, one stores.
//!
//! Exactly once by one rule: the database holds, in the transaction of the rows, for each partition the next offset, and
//! for the sources a cursor with the offsets that the topics had there. A run that follows loads again from the cursor;
//! loading is deterministic, so each record gets the offset it had, and what lies before the stored offset is passed over.
//! Offsets here are logical: they go on over runs, while those of the in-process topics begin at 0 each time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use pipewright_plan::{OptionValue, Plan, Stage, Topic};
use serde::{Deserialize, Serialize};

use super::committer::{Committer, CommitterParts, Done, Reply, database_error};
use super::core::{Halt, StageCore};
use super::ingest::{Emit, IngestCore};
use super::summary::{self, RefusedRows};
use super::{RunSettings, bug};
use crate::connectors::files::FileReader;
use crate::connectors::kafka::embedded::{EmbeddedCluster, EmbeddedLoader, SendError};
use crate::connectors::kafka::originals::KafkaOriginals;
use crate::record::{DeadLetter, Original, RecordId};
use crate::report::{ErrorClass, Event, Observer, RunError, SourceSummary, Summary};
use crate::sinks::{self, Acquired, Chunk, Database, DatabaseError, Originals};

/// Whether a plan's topics live in the process.
pub(super) fn is_embedded(plan: &Plan) -> bool {
    let embedded = |it: &pipewright_plan::Connection| it.options.get("embedded") == Some(&OptionValue::Bool(true));
    plan.connections.iter().any(|it| it.kind == "kafka" && embedded(it))
}

/// Where the topics stood when the sources stood at their cursors.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Standing {
    /// Logical end offsets by topic.
    offsets: BTreeMap<String, Vec<i64>>,
    /// Records read by source, over all runs.
    read: BTreeMap<String, u64>,
}

/// The name under which [`Standing`] is stored beside the cursors of the sources.
const STANDING: &str = "*";

/// A point that the loader has passed: once everything before it is in an epoch, the epoch may carry its cursors.
struct Mark {
    /// Logical end offsets by topic index.
    ends: Vec<Vec<i64>>,
    cursors: BTreeMap<String, String>,
    letters: Vec<DeadLetter>,
    /// Nothing comes after it.
    last: Option<LoadEnd>,
}

/// How loading ended.
struct LoadEnd {
    sources: Vec<SourceSummary>,
    error: Option<RunError>,
    ended: bool,
}

/// Fetches by logical offset what the in-process topics count from 0.
struct Logical {
    originals: KafkaOriginals,
    bases: Arc<Vec<Vec<i64>>>,
}

impl Originals for Logical {
    fn fetch(&self, at: RecordId) -> Option<Original> {
        self.originals.fetch(RecordId { offset: at.offset - base(&self.bases, at.topic, at.partition), ..at })
    }
}

/// All stages as one: they share the epoch.
fn global_stage(plan: &Plan) -> Result<Stage, RunError> {
    let mut stages = plan.stages.iter();
    let mut all = stages.next().cloned().ok_or_else(|| bug("no stage"))?;
    for stage in stages {
        if stage.domain != all.domain {
            return Err(RunError {
                name: "embedded-two-databases",
                message: format!(
                    "an embedded run stores into one database, not into `{}` and `{}`",
                    all.domain, stage.domain
                ),
                help: Some("give both sinks one connection, or run on a real Kafka".into()),
                origin: None,
                class: ErrorClass::Configuration,
            });
        }
        let extend = |list: &mut Vec<String>, more: &[String]| {
            for name in more {
                if !list.contains(name) {
                    list.push(name.clone());
                }
            }
        };
        extend(&mut all.topics, &stage.topics);
        extend(&mut all.transforms, &stage.transforms);
        extend(&mut all.sinks, &stage.sinks);
    }
    Ok(all)
}

/// Runs an embedded plan to the end of its sources, or until told to stop.
pub(super) fn run(plan: &Plan, settings: &RunSettings, observer: Arc<dyn Observer>) -> Result<Summary, RunError> {
    let stage = global_stage(plan)?;
    let topics: Vec<&Topic> = stage.topics.iter().filter_map(|name| plan.topic(name)).collect();
    let partitions: Vec<u32> = topics.iter().map(|it| it.partitioning.count.unwrap_or(1).max(1)).collect();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| bug(format!("cannot start the asynchronous runtime: {error}")))?;
    let what = sinks::describe(plan, &stage.domain);
    let origins: Vec<_> = stage.sinks.iter().filter_map(|it| plan.sink(it)).map(|it| it.origin).collect();
    let fail = |error: DatabaseError| database_error(error, &what, &origins);
    let mut database = sinks::open(plan, &stage, &owner()).map_err(&fail)?;
    runtime.block_on(database.prepare()).map_err(|errors| first_error(errors, &fail))?;
    let encoders = database.encoders().map_err(&fail)?;
    let cursors = runtime.block_on(database.cursors()).map_err(&fail)?;
    let standing: Standing = match cursors.get(STANDING) {
        Some(text) => {
            serde_json::from_str(text).map_err(|error| bug(format!("the stored cursor is unreadable: {error}")))?
        }
        None => Standing::default(),
    };
    let bases = bases(&topics, &partitions, &standing)?;
    let mut core = StageCore::new(plan, &stage, encoders)?;
    let database_place = sinks::location(plan, &stage.domain);

    let named: Vec<(String, u32)> = topics.iter().zip(&partitions).map(|(it, n)| (it.topic.clone(), *n)).collect();
    let (loader, mut reader) = EmbeddedCluster::start(&named)?;
    let committer = Committer::start(
        &stage.id,
        CommitterParts {
            database,
            runtime,
            originals: Arc::new(Logical { originals: KafkaOriginals::embedded(&reader), bases: Arc::clone(&bases) }),
            observer: Arc::clone(&observer),
            stop: Arc::clone(&settings.stop),
            what,
            sink_origins: origins,
        },
    )?;
    let mut positions = acquire(&committer, &partitions)?;

    let (marks_out, marks) = unbounded();
    let loading = Loading {
        plan: plan.clone(),
        stage: stage.clone(),
        bases: bases.clone(),
        cursors,
        standing,
        loader: loader.clone(),
        marks: marks_out,
        observer: Arc::clone(&observer),
        stop: Arc::clone(&settings.stop),
    };
    let loader_thread = std::thread::Builder::new()
        .name("load".into())
        .spawn(move || loading.run())
        .map_err(|error| bug(format!("cannot start a thread: {error}")))?;

    let started = Instant::now();
    let mut lane = Lane {
        plan,
        stage: &stage,
        committer,
        loader: &loader,
        bases: &bases,
        marks,
        pending: VecDeque::new(),
        end: None,
        in_flight: 0,
        recycled: vec![],
        refused: RefusedRows::default(),
        epochs: 0,
        observer,
    };
    let outcome = lane.run(&mut core, &mut reader, &mut positions);
    // Whatever ended the lane ends the loader, which may wait for room.
    loader.stop();
    let _ = loader_thread.join();
    let Lane { committer, refused, .. } = lane;
    committer.finish();
    let end = outcome?;
    if let Some(error) = end.error {
        return Err(error);
    }
    loader.verify_finished()?;
    let mut databases = BTreeMap::new();
    databases.insert(stage.domain.clone(), database_place);
    Ok(Summary {
        sources: end.sources,
        stages: vec![summary::stage(plan, &stage, &core.counters, &core.numbering, &refused)],
        databases,
        seconds: started.elapsed().as_secs_f64(),
        ended: end.ended,
    })
}

/// Who holds the positions; for people who look into the table.
pub(super) fn owner() -> String {
    format!("pid {}", std::process::id())
}

/// The first thing that is wrong, with how many more there are.
pub(super) fn first_error(errors: Vec<DatabaseError>, fail: &dyn Fn(DatabaseError) -> RunError) -> RunError {
    let more = errors.len().saturating_sub(1);
    let rest: Vec<String> = errors.iter().skip(1).map(ToString::to_string).collect();
    let mut error = match errors.into_iter().next() {
        Some(error) => fail(error),
        None => bug("a database refused without saying why"),
    };
    if more > 0 {
        error.message = format!("{} (and {more} more: {})", error.message, rest.join("; "));
    }
    error
}

/// The logical offset of the first record that the loader will send, by topic and partition.
fn bases(topics: &[&Topic], partitions: &[u32], standing: &Standing) -> Result<Arc<Vec<Vec<i64>>>, RunError> {
    let mut bases = Vec::with_capacity(topics.len());
    for (topic, count) in topics.iter().zip(partitions) {
        let count = usize::try_from(*count).unwrap_or(1);
        let stored = standing.offsets.get(&topic.name).cloned().unwrap_or_else(|| vec![0; count]);
        if stored.len() != count {
            return Err(RunError {
                name: "partitions-changed",
                message: format!(
                    "`{}` had {} partitions in the runs before, now it has {count}",
                    topic.name,
                    stored.len()
                ),
                help: Some(format!("set `partitions = {}`, or start afresh with another database", stored.len())),
                origin: Some(topic.origin),
                class: ErrorClass::WouldLose,
            });
        }
        bases.push(stored);
    }
    Ok(Arc::new(bases))
}

fn acquire(committer: &Committer, partitions: &[u32]) -> Result<BTreeMap<(u16, i32), i64>, RunError> {
    let all: Vec<(u16, i32)> = (0u16..)
        .zip(partitions)
        .flat_map(|(topic, n)| (0..i32::try_from(*n).unwrap_or(i32::MAX)).map(move |p| (topic, p)))
        .collect();
    let ids = vec![None; all.len()];
    let acquired = committer.acquire(all, ids)?;
    let fresh: Vec<Acquired> =
        acquired.iter().filter(|it| it.next.is_none()).map(|it| Acquired { next: Some(0), ..it.clone() }).collect();
    if !fresh.is_empty() {
        committer.start_at(fresh)?;
    }
    Ok(acquired.into_iter().map(|it| ((it.topic, it.partition), it.next.unwrap_or_default())).collect())
}

/// The thread that loads.
struct Loading {
    plan: Plan,
    stage: Stage,
    bases: Arc<Vec<Vec<i64>>>,
    cursors: BTreeMap<String, String>,
    standing: Standing,
    loader: EmbeddedLoader,
    marks: Sender<Mark>,
    observer: Arc<dyn Observer>,
    stop: Arc<super::StopSignal>,
}

/// Marks are set this often: what a killed run loads again at most.
const MARK_RECORDS: u64 = 5_000;

impl Loading {
    fn run(mut self) {
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
            let mut core = IngestCore::new(&plan, source, &with_counts, source_index, &reader)?;
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
            let mut halt: Option<Halt> = None;
            let progress = reader.next_batch(1_000, 1 << 20, &mut |record| {
                if halt.is_none() {
                    halt = core.take(&record, &mut emit).err();
                }
            });
            let letters = core.letters();
            let summary = core.summary(read_before);
            if let Some(halt) = halt {
                // The cursor has passed the record that stopped us: this batch is loaded again next time.
                self.mark_letters(letters);
                return Err(halt.error);
            }
            self.cursors.insert(source.name.clone(), reader.cursor());
            self.standing.read.insert(source.name.clone(), read_before + summary.read);
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
const STOPPED: &str = "stopped";

struct ToLoader<'a> {
    loader: &'a EmbeddedLoader,
    targets: &'a [u16],
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

/// The thread that reads.
struct Lane<'a> {
    plan: &'a Plan,
    stage: &'a Stage,
    committer: Committer,
    loader: &'a EmbeddedLoader,
    bases: &'a Arc<Vec<Vec<i64>>>,
    marks: Receiver<Mark>,
    /// Marks that are not reached yet, oldest first.
    pending: VecDeque<Mark>,
    end: Option<LoadEnd>,
    in_flight: usize,
    recycled: Vec<Vec<Chunk>>,
    refused: RefusedRows,
    epochs: u64,
    observer: Arc<dyn Observer>,
}

impl Lane<'_> {
    fn run(
        &mut self,
        core: &mut StageCore,
        reader: &mut crate::connectors::kafka::embedded::EmbeddedReader,
        positions: &mut BTreeMap<(u16, i32), i64>,
    ) -> Result<LoadEnd, RunError> {
        let commit = self.plan.pipeline.commit;
        let interval = Duration::from_micros(u64::try_from(commit.interval_us).unwrap_or(250_000));
        let bases = Arc::clone(self.bases);
        let logical = move |topic: u16, partition: i32, offset: i64| offset + base(&bases, topic, partition);
        let mut opened = Instant::now();
        loop {
            while let Some(reply) = self.committer.reply() {
                self.reply(reply, core)?;
            }
            while let Ok(mut mark) = self.marks.try_recv() {
                core.add_letters(std::mem::take(&mut mark.letters));
                self.pending.push_back(mark);
            }
            let before = core.is_empty();
            let batch = reader.poll(Duration::from_millis(10), 4_096)?;
            if let Err(halt) = core.take(&batch, positions, &logical) {
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
                epoch.cursors = reached.unwrap_or_default();
                self.in_flight += 1;
                self.committer.commit(epoch)?;
                opened = Instant::now();
            } else if let Some(cursors) = reached {
                // Goes with the next epoch.
                self.pending.push_front(Mark { ends: vec![], cursors, letters: vec![], last: None });
            }
            if done {
                self.settle(core)?;
                return self.end.take().ok_or_else(|| bug("the end was lost"));
            }
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

    fn reply(&mut self, reply: Reply, core: &StageCore) -> Result<(), RunError> {
        match reply {
            Reply::Committed(done) => {
                self.committed(done, core);
                Ok(())
            }
            Reply::Fenced(why) => Err(RunError {
                name: "fenced",
                message: format!("{why}: another run of `{}` uses this database", self.plan.pipeline.name),
                help: Some("an embedded program runs once at a time".into()),
                origin: None,
                class: ErrorClass::Configuration,
            }),
            Reply::Failed(error) => Err(error),
        }
    }

    fn committed(&mut self, done: Done, core: &StageCore) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.epochs = done.number;
        self.refused.add(&done.committed);
        for it in &done.moves {
            let local = it.next - base(self.bases, it.topic, it.partition);
            self.loader.committed(it.topic, it.partition, local);
        }
        self.recycled.push(done.chunks);
        let bad = core.counters.bad.iter().chain(&core.counters.refused).flat_map(|it| it.values());
        self.observer.event(Event::Committed {
            stage: self.stage.id.clone(),
            epochs: done.number,
            records: core.counters.read,
            dead_letters: bad.chain(core.counters.undecodable.values()).sum(),
            behind: None,
        });
    }

    /// Waits until everything that was handed over is stored.
    fn settle(&mut self, core: &StageCore) -> Result<(), RunError> {
        while self.in_flight > 0 {
            if let Some(reply) = self.committer.wait(Duration::from_millis(200)) {
                self.reply(reply, core)?;
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
            self.in_flight += 1;
            if let Err(error) = self.committer.commit(epoch) {
                return error;
            }
        }
        match self.settle(core) {
            Ok(()) => halt.error,
            Err(error) => error,
        }
    }
}

fn base(bases: &[Vec<i64>], topic: u16, partition: i32) -> i64 {
    let partition = usize::try_from(partition).unwrap_or_default();
    bases.get(usize::from(topic)).and_then(|it| it.get(partition)).copied().unwrap_or_default()
}
