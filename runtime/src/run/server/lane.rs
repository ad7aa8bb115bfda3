//! The reading half of a stage on a real cluster: takes batches, fills epochs, answers the consumer group.
//!
//! Invariants: a partition is read only after it was acquired, from the position the database gave; what was read under an
//! earlier assignment is never used; before a partition is given up its epoch is stored or dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipewright_plan::{Stage, Start, Topic};

use super::super::committer::{Committer, CommitterParts, Done, Reply, alone, database_error};
use super::super::embedded::{first_error, owner};
use super::super::summary::{self, RefusedRows};
use super::super::{beginning, bug};
use super::{IDLE, Shared, kafka_connection};
use crate::connectors::kafka::errors::{ErrorKind, ReaderError};
use crate::connectors::kafka::originals::KafkaOriginals;
use crate::connectors::kafka::reader::{ReaderConfig, ReaderEvent, StageReader};
use crate::engine::{Halt, StageCore};
use crate::report::{ErrorClass, Event, RunError, StageSummary};
use crate::sinks::{self, Acquired, Chunk, Database, DatabaseError, History, Originals};

type Partition = (u16, i32);

/// `--until-end`: an instance that got no partition for so long is one too many, and ends.
const SPARE_PATIENCE: Duration = Duration::from_secs(30);

/// Runs a stage until its inputs end, or the run does.
pub(super) fn run(shared: &Shared, stage: &Stage) -> Result<StageSummary, RunError> {
    let plan = &shared.plan;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| bug(format!("cannot start the asynchronous runtime: {error}")))?;
    let what = sinks::describe(plan, &stage.domain);
    let origins: Vec<_> = stage.sinks.iter().filter_map(|it| plan.sink(it)).map(|it| it.origin).collect();
    let fail = |error: DatabaseError| database_error(error, &what, &origins);
    let mut database = sinks::open(plan, stage, &owner()).map_err(&fail)?;
    let history = prepare(shared, &runtime, &mut database, &what, &fail)?;
    beginning::check(plan, stage, &history, shared.settings.from, false, &*shared.observer)?;
    let encoders = database.encoders().map_err(&fail)?;
    let core = StageCore::new(plan, stage, encoders)?;
    let topics: Vec<Topic> = stage.topics.iter().filter_map(|it| plan.topic(it)).cloned().collect();
    let (reader, originals) = reader(shared, stage, &topics)?;
    let committer = Committer::start(
        &stage.id,
        CommitterParts {
            database,
            runtime,
            originals,
            observer: Arc::clone(&shared.observer),
            stop: Arc::clone(&shared.settings.stop),
            what,
            sink_origins: origins,
        },
    )?;
    let mut lane = Lane {
        shared,
        stage,
        topics,
        core,
        reader,
        committer,
        reading: BTreeMap::new(),
        known: BTreeSet::new(),
        stored: BTreeMap::new(),
        ends: None,
        in_flight: 0,
        fenced: false,
        recycled: vec![],
        refused: RefusedRows::default(),
        opened: Instant::now(),
        without: Instant::now(),
    };
    let result = lane.run();
    let Lane { core, reader, committer, refused, .. } = lane;
    reader.close();
    committer.finish();
    result?;
    Ok(summary::stage(plan, stage, &core.counters, &core.numbering, &refused))
}

/// The member of the consumer group, and who fetches single records again.
fn reader(shared: &Shared, stage: &Stage, topics: &[Topic]) -> Result<(StageReader, Arc<dyn Originals>), RunError> {
    let name = topics.first().map(|it| it.connection.clone()).unwrap_or_default();
    let connection = kafka_connection(&shared.plan, &name)?;
    let names: Vec<String> = topics.iter().map(|it| it.topic.clone()).collect();
    let partitions = stage.topics.iter().filter_map(|it| shared.partitions.get(it)).sum::<i32>();
    let originals = KafkaOriginals::new(&connection, &name, &stage.group, names.clone())?;
    let reader = StageReader::new(ReaderConfig {
        connection,
        connection_name: name,
        group: stage.group.clone(),
        topics: names,
        partitions: usize::try_from(partitions).unwrap_or(1),
        state_dir: Some(shared.settings.state_dir.clone()),
        observer: Arc::clone(&shared.observer),
    })?;
    Ok((reader, Arc::new(originals)))
}

/// A database that is away at the start is waited for as long as one that goes away later is; one that answers "no" is not.
fn prepare(
    shared: &Shared,
    runtime: &tokio::runtime::Runtime,
    database: &mut sinks::AnyDatabase,
    what: &str,
    fail: &dyn Fn(DatabaseError) -> RunError,
) -> Result<History, RunError> {
    let started = Instant::now();
    let mut told = false;
    loop {
        let attempt = async {
            database.prepare().await?;
            database.history().await.map_err(|error| vec![error])
        };
        match runtime.block_on(attempt) {
            Ok(history) => {
                if told {
                    shared.observer.event(Event::Resumed { what: what.to_string() });
                }
                return Ok(history);
            }
            Err(errors) => {
                let away = errors.iter().all(|it| matches!(it, DatabaseError::Unavailable(_)));
                if !away || shared.ending() || started.elapsed() > START_PATIENCE {
                    return Err(first_error(errors, fail));
                }
                if !told {
                    told = true;
                    let why = errors.first().map(ToString::to_string).unwrap_or_default();
                    let why = alone(what, &why).to_string();
                    shared.observer.event(Event::Waiting { what: what.to_string(), why });
                }
                std::thread::sleep(Duration::from_millis(500));
            }
        }
    }
}

/// How long a server may be away at the start before the run gives up with exit code 3.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// How long a revoke may take: then the group takes the partitions by force, and the fence keeps us out.
const REVOKE_PATIENCE: Duration = Duration::from_secs(5);

struct Lane<'a> {
    shared: &'a Shared,
    stage: &'a Stage,
    topics: Vec<Topic>,
    core: StageCore,
    reader: StageReader,
    committer: Committer,
    /// Next offset to take, for the partitions that are ours.
    reading: BTreeMap<Partition, i64>,
    /// Partitions that had a stored position under this run.
    known: BTreeSet<Partition>,
    /// Next offset as stored.
    stored: BTreeMap<Partition, i64>,
    /// `--until-end`: where the topics ended when nothing fed them any more.
    ends: Option<Vec<(u16, i32, i64)>>,
    in_flight: usize,
    fenced: bool,
    recycled: Vec<Vec<Chunk>>,
    refused: RefusedRows,
    opened: Instant,
    /// When this instance last had a partition.
    without: Instant,
}

impl Lane<'_> {
    fn run(&mut self) -> Result<(), RunError> {
        let commit = self.shared.plan.pipeline.commit;
        let interval = Duration::from_micros(u64::try_from(commit.interval_us).unwrap_or(250_000));
        loop {
            while let Some(reply) = self.committer.reply() {
                self.reply(reply)?;
            }
            if self.fenced {
                self.take_stock()?;
            }
            if self.shared.ending() {
                return self.drain();
            }
            let event = self.reader.poll(IDLE.min(interval), 4_096);
            let idle = matches!(event, ReaderEvent::Idle);
            self.event(event)?;
            let (records, bytes) = self.core.size();
            let full = records >= commit.rows || bytes >= commit.bytes;
            if full || (!self.core.is_empty() && self.opened.elapsed() >= interval) {
                self.hand_over()?;
            }
            if idle && self.at_end()? {
                return self.drain();
            }
        }
    }

    fn event(&mut self, event: ReaderEvent) -> Result<(), RunError> {
        match event {
            ReaderEvent::Records(batch) => {
                let fresh = self.core.is_empty();
                let result = self.core.take(batch.iter(), &mut self.reading, &|_, _, offset| offset);
                if fresh {
                    self.opened = Instant::now();
                }
                result.map_err(|halt| self.halt(halt))
            }
            ReaderEvent::Assigned(partitions) => self.assigned(partitions),
            ReaderEvent::Revoked(partitions) => {
                let result = self.revoked(&partitions);
                self.reader.revoked_done();
                result
            }
            ReaderEvent::Lost(partitions) => {
                self.core.abandon();
                self.give_up(&partitions);
                self.take_stock()
            }
            ReaderEvent::Idle => Ok(()),
            ReaderEvent::Failed(error) => self.failed(error),
        }
    }

    /// The client goes on by itself after what can be tried again; the rest ends the run.
    fn failed(&mut self, error: ReaderError) -> Result<(), RunError> {
        if error.is_fatal() {
            return Err(self.reader_error(error));
        }
        self.shared.observer.event(Event::Note { text: format!("{}: {error}; trying again", self.stage.id) });
        Ok(())
    }

    fn reader_error(&self, error: ReaderError) -> RunError {
        let class = match error.class {
            ErrorKind::Fatal(class) => class,
            ErrorKind::Retry => ErrorClass::OutOfReach,
        };
        let origin = self.topics.first().map(|it| it.origin);
        RunError { name: error.name, message: error.message, help: error.help, origin, class }
    }

    /// Closes the epoch and queues it; waits while another one is queued.
    fn hand_over(&mut self) -> Result<(), RunError> {
        if self.core.is_empty() {
            return Ok(());
        }
        let epoch = self.core.close(self.recycled.pop().unwrap_or_default());
        self.in_flight += 1;
        self.committer.commit(epoch)
    }

    fn reply(&mut self, reply: Reply) -> Result<(), RunError> {
        match reply {
            Reply::Committed(done) => {
                self.committed(done);
                Ok(())
            }
            Reply::Fenced(why) => {
                self.in_flight = self.in_flight.saturating_sub(1);
                self.fenced = true;
                self.shared.observer.event(Event::Note { text: format!("{}: {why}; asking again", self.stage.id) });
                Ok(())
            }
            Reply::Failed(error) => Err(error),
        }
    }

    fn committed(&mut self, done: Done) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.refused.add(&done.committed);
        for it in &done.moves {
            self.stored.insert((it.topic, it.partition), it.next);
        }
        let moved: Vec<_> = done.moves.iter().map(|it| (it.topic, it.partition, it.next)).collect();
        self.reader.commit_for_lag_tools(&moved);
        self.recycled.push(done.chunks);
        let counters = &self.core.counters;
        let bad = counters.bad.iter().chain(&counters.refused).flat_map(|it| it.values());
        self.shared.observer.event(Event::Committed {
            stage: self.stage.id.clone(),
            epochs: done.number,
            records: counters.read,
            dead_letters: bad.chain(counters.undecodable.values()).sum(),
            behind: None,
        });
    }

    /// Waits until everything that was handed over is answered; false if that takes longer.
    fn settle(&mut self, patience: Option<Duration>) -> Result<bool, RunError> {
        let started = Instant::now();
        while self.in_flight > 0 {
            if patience.is_some_and(|it| started.elapsed() > it) {
                return Ok(false);
            }
            if let Some(reply) = self.committer.wait(Duration::from_millis(50)) {
                self.reply(reply)?;
            }
        }
        Ok(true)
    }

    fn assigned(&mut self, partitions: Vec<Partition>) -> Result<(), RunError> {
        if partitions.is_empty() {
            return Ok(());
        }
        let ids = (0u16..).zip(&self.stage.topics).map(|(topic, _)| self.topic_id(topic)).collect();
        let acquired = self.committer.acquire(partitions, ids)?;
        self.check_topics(&acquired)?;
        let fresh: Vec<Acquired> = acquired.iter().filter(|it| it.next.is_none()).cloned().collect();
        if fresh.iter().any(|it| self.known.contains(&(it.topic, it.partition))) {
            return Err(self.positions_gone());
        }
        let mut positions: Vec<(u16, i32, i64)> =
            acquired.iter().filter_map(|it| it.next.map(|next| (it.topic, it.partition, next))).collect();
        if !fresh.is_empty() {
            let starts = self.starts(&fresh)?;
            self.committer.start_at(starts.clone())?;
            positions.extend(starts.iter().filter_map(|it| it.next.map(|next| (it.topic, it.partition, next))));
        }
        for (topic, partition, next) in &positions {
            self.reading.insert((*topic, *partition), *next);
            self.stored.insert((*topic, *partition), *next);
            self.known.insert((*topic, *partition));
        }
        for (topic, partition, next) in &positions {
            let checked = self.reader.check_position(*topic, *partition, *next);
            if let Err(error) = checked
                && error.is_fatal()
            {
                return Err(self.reader_error(error));
            }
        }
        if let Err(error) = self.reader.resume(&positions) {
            // The assignment changed while we asked: the news of it is next.
            self.failed(error)?;
        }
        self.ends = None;
        self.tell_assignment();
        Ok(())
    }

    /// To begin anew under a run that was somewhere would store records twice.
    fn positions_gone(&self) -> RunError {
        RunError {
            name: "positions-gone",
            message: format!("the stored positions of stage `{}` are gone while it runs", self.stage.id),
            help: Some(
                "has a program under a new name taken them over (`was = …`)? Then run that one. Else somebody has deleted them"
                    .into(),
            ),
            origin: self.topics.first().map(|it| it.origin),
            class: ErrorClass::WouldLose,
        }
    }

    fn topic_id(&self, topic: u16) -> Option<String> {
        let name = self.stage.topics.get(usize::from(topic))?;
        self.shared.topic_ids.get(name).cloned().flatten()
    }

    /// A topic deleted and created again under the same name counts its offsets anew: stop, never read on.
    fn check_topics(&self, acquired: &[Acquired]) -> Result<(), RunError> {
        for it in acquired {
            let (Some(stored), Some(now)) = (&it.topic_id, self.topic_id(it.topic)) else { continue };
            if it.next.is_some() && *stored != now {
                let topic = self.topics.get(usize::from(it.topic));
                let name = topic.map_or("?", |it| it.topic.as_str());
                return Err(RunError {
                    name: "topic-recreated",
                    message: format!(
                        "the topic `{name}` was deleted and created again: the stored offset {} of partition {} counts in the old one",
                        it.next.unwrap_or_default(),
                        it.partition
                    ),
                    help: Some(format!(
                        "if its records are to be read from the start, delete the rows of stage `{}` in pipewright.positions and \
                         run once with `--from earliest`",
                        self.stage.id
                    )),
                    origin: topic.map(|it| it.origin),
                    class: ErrorClass::WouldLose,
                });
            }
        }
        Ok(())
    }

    /// Where partitions begin that were never read.
    fn starts(&self, fresh: &[Acquired]) -> Result<Vec<Acquired>, RunError> {
        let mut out = Vec::with_capacity(fresh.len());
        for it in fresh {
            let of_topic = self.topics.get(usize::from(it.topic)).map(|topic| topic.start);
            let start = self.shared.settings.from.or(of_topic).unwrap_or_default();
            let at = (it.topic, it.partition);
            let found = match start {
                Start::Earliest => self.reader.earliest(&[at]),
                Start::Latest => self.reader.end_offsets(&[at]),
                Start::Timestamp(us) => self.reader.offsets_for_time(&[at], us),
            };
            let found = found.map_err(|error| self.reader_error(error))?;
            let next = found.first().map(|(_, _, offset)| *offset);
            out.push(Acquired { next, topic_id: self.topic_id(it.topic), ..it.clone() });
        }
        Ok(out)
    }

    fn revoked(&mut self, partitions: &[Partition]) -> Result<(), RunError> {
        self.hand_over()?;
        if !self.settle(Some(REVOKE_PATIENCE))? {
            self.shared.observer.event(Event::Note {
                text: format!(
                    "{}: partitions are taken away while the database is away; nothing is lost",
                    self.stage.id
                ),
            });
        }
        self.give_up(partitions);
        Ok(())
    }

    fn give_up(&mut self, partitions: &[Partition]) {
        for it in partitions {
            self.reading.remove(it);
            self.stored.remove(it);
        }
        self.committer.release(partitions.to_vec());
        self.tell_assignment();
    }

    /// After an epoch was dropped: everything that is still ours is acquired again and read from where it is stored.
    fn take_stock(&mut self) -> Result<(), RunError> {
        self.core.abandon();
        self.settle(None)?;
        self.fenced = false;
        let ours: BTreeSet<Partition> = self.reading.keys().copied().collect();
        // The news of a rebalance may be on its way: whoever fenced us may be the rightful owner.
        std::thread::sleep(Duration::from_millis(200));
        self.assigned(ours.into_iter().collect())
    }

    fn tell_assignment(&self) {
        let name = |topic: &u16| self.stage.topics.get(usize::from(*topic)).map_or("?", String::as_str);
        let partitions =
            self.reading.keys().map(|(topic, partition)| format!("{}[{partition}]", name(topic))).collect();
        self.shared.observer.event(Event::Assigned { stage: self.stage.id.clone(), partitions });
    }

    /// `--until-end`: true when nothing feeds the topics any more and each partition of ours is read to its end.
    fn at_end(&mut self) -> Result<bool, RunError> {
        if !self.shared.settings.until_end || self.shared.fed(&self.stage.topics) {
            return Ok(false);
        }
        if self.reading.is_empty() {
            // More instances than partitions: the others read to the end.
            return Ok(self.without.elapsed() > SPARE_PATIENCE);
        }
        self.without = Instant::now();
        let ends = match &self.ends {
            Some(ends) => ends.clone(),
            None => {
                let ours: Vec<Partition> = self.reading.keys().copied().collect();
                let ends = self.reader.end_offsets(&ours).map_err(|error| self.reader_error(error))?;
                self.ends = Some(ends.clone());
                ends
            }
        };
        if self.reader.at_end(&ends).map_err(|error| self.reader_error(error))? {
            return Ok(true);
        }
        Ok(false)
    }

    /// Stores what was taken, and ends.
    fn drain(&mut self) -> Result<(), RunError> {
        self.hand_over()?;
        self.settle(None)?;
        Ok(())
    }

    /// A policy stops the stage: what came before the record is stored first.
    fn halt(&mut self, halt: Halt) -> RunError {
        if halt.drop_epoch {
            self.core.abandon();
        }
        match self.drain() {
            Ok(()) => halt.error,
            Err(error) => error,
        }
    }
}
