//! The reading half of a stage on a real cluster: takes batches, fills epochs, answers the consumer group.
//!
//! Decides nothing about epochs: it tells [`Reading`] what happens and carries out what that says, in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipewright_plan::{Stage, Start, Topic};

use super::super::committer::{Committer, CommitterParts, Done, Reply};
use super::super::opening::{self, Opened};
use super::super::summary;
use super::super::tally::Tally;
use super::super::{beginning, bug};
use super::{IDLE, Shared, kafka_connection};
use crate::connectors::kafka::errors::{ANEW, ErrorKind, ReaderError, TWIN};
use crate::connectors::kafka::originals::KafkaOriginals;
use crate::connectors::kafka::reader::{ReaderConfig, ReaderEvent, StageReader};
use crate::engine::{Halt, StageCore};
use crate::epoch::{Action, Event as Happened, Patience, Reading, Verdict};
use crate::report::{ErrorClass, Event, RunError, StageSummary};
use crate::sinks::{Acquired, Chunk, Originals};

/// `--until-end`: an instance that got no partition for so long is one too many, and ends.
const SPARE_PATIENCE: Duration = Duration::from_secs(30);

/// Runs a stage until its inputs end, or the run does. An error leaves what was stored before it; before the stage has begun
/// there is nothing.
pub(super) fn run(shared: &Shared, stage: &Stage) -> Result<(StageSummary, Option<RunError>), RunError> {
    let plan = &shared.plan;
    let Opened { database, runtime, encoders, letters_before, what, origins, .. } =
        opening::open(plan, stage, &shared.settings, false, &*shared.observer, &|| shared.ending())?;
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
        reading: Reading::default(),
        ends: None,
        ended: false,
        recycled: vec![],
        tally: Tally::default(),
        opened: Instant::now(),
        without: Instant::now(),
    };
    let result = lane.run();
    let Lane { core, reader, committer, mut tally, .. } = lane;
    reader.close();
    committer.finish().iter().for_each(|it| tally.stored(it));
    Ok((summary::stage(plan, stage, &tally, &core.numbering, letters_before), result.err()))
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

/// How long a revoke may take: then the group takes the partitions by force, and the fence keeps us out.
const REVOKE_PATIENCE: Duration = Duration::from_secs(5);

struct Lane<'a> {
    shared: &'a Shared,
    stage: &'a Stage,
    topics: Vec<Topic>,
    core: StageCore,
    reader: StageReader,
    committer: Committer,
    reading: Reading,
    /// `--until-end`: where the topics ended when nothing fed them any more.
    ends: Option<Vec<(u16, i32, i64)>>,
    ended: bool,
    recycled: Vec<Vec<Chunk>>,
    tally: Tally,
    opened: Instant,
    /// When this instance last had a partition.
    without: Instant,
}

impl Lane<'_> {
    fn run(&mut self) -> Result<(), RunError> {
        let commit = self.shared.plan.pipeline.commit;
        let interval = Duration::from_micros(u64::try_from(commit.interval_us).unwrap_or(250_000));
        while !self.ended {
            while let Some(reply) = self.committer.reply() {
                self.reply(reply)?;
            }
            self.tell(Happened::Tick)?;
            if self.shared.ending() {
                return self.tell(Happened::Stop);
            }
            let event = self.reader.poll(IDLE.min(interval), 4_096);
            let idle = matches!(event, ReaderEvent::Idle);
            self.event(event)?;
            let (records, bytes) = self.core.size();
            let full = records >= commit.rows || bytes >= commit.bytes;
            if full || (!self.core.is_empty() && self.opened.elapsed() >= interval) {
                self.tell(Happened::Due)?;
            }
            if idle && self.at_end()? {
                self.tell(Happened::AtEnd)?;
            }
        }
        Ok(())
    }

    /// Tells what happened and does what follows from it.
    fn tell(&mut self, event: Happened) -> Result<(), RunError> {
        self.reading.on(event);
        while let Some(action) = self.reading.next_action() {
            self.act(action)?;
        }
        Ok(())
    }

    fn act(&mut self, action: Action) -> Result<(), RunError> {
        match action {
            Action::Submit => {
                if !self.shared.is_cleared() {
                    return Err(bug("records of another program were read"));
                }
                let epoch = self.core.close(self.recycled.pop().unwrap_or_default());
                self.tally.submitted(epoch.number, self.core.take_counters());
                self.committer.commit(epoch)?;
            }
            Action::Drop => self.core.abandon(),
            Action::Settle(patience) => {
                let all = self.settle(patience)?;
                self.reading.on(Happened::Settled { all });
            }
            Action::Acquire(partitions) => {
                let ids = (0u16..).zip(&self.stage.topics).map(|(topic, _)| self.topic_id(topic)).collect();
                let acquired = self.committer.acquire(partitions, ids)?;
                self.check_topics(&acquired)?;
                beginning::check_rows(&self.shared.plan, self.stage, &self.topics, &acquired)?;
                self.reading.on(Happened::Acquired(acquired));
            }
            Action::Start(fresh) => {
                let started = match self.starts(&fresh) {
                    Ok(starts) => self.committer.start_at(starts)?,
                    Err(error) => {
                        self.not_now(error)?;
                        None
                    }
                };
                self.reading.on(started.map_or(Happened::StartRefused, Happened::Started));
            }
            Action::Resume(positions) => self.resume(&positions)?,
            Action::Release(partitions) => self.committer.release(partitions),
            Action::Acknowledge => self.reader.revoked_done(),
            Action::Pause => std::thread::sleep(Duration::from_millis(200)),
            Action::Tell => self.tell_assignment(),
            Action::PositionsGone => return Err(self.positions_gone()),
            Action::End => self.ended = true,
        }
        Ok(())
    }

    fn event(&mut self, event: ReaderEvent) -> Result<(), RunError> {
        match event {
            ReaderEvent::Records(batch) => {
                let fresh = self.core.is_empty();
                let result = self.core.take(batch.iter(), self.reading.cursors(), &|_, _, offset| offset);
                if fresh {
                    self.opened = Instant::now();
                }
                self.tell(Happened::Taken { open: !self.core.is_empty() })?;
                result.map_err(|halt| self.halt(halt))
            }
            ReaderEvent::Assigned(partitions) => self.tell(Happened::Assigned(partitions)),
            ReaderEvent::Revoked(partitions) => {
                let result = self.tell(Happened::Revoked(partitions));
                if result.is_err() {
                    // The run ends; the group need not wait for us.
                    self.reader.revoked_done();
                }
                result
            }
            ReaderEvent::Lost(partitions) => self.tell(Happened::Lost(partitions)),
            ReaderEvent::Idle => Ok(()),
            ReaderEvent::Failed(error) => self.failed(error),
        }
    }

    /// The client goes on by itself after what can be tried again; the rest ends the run.
    fn failed(&mut self, error: ReaderError) -> Result<(), RunError> {
        if error.name == TWIN && self.reader.rejoin()? {
            let ours = self.reading.ours().iter().copied().collect();
            return self.tell(Happened::Lost(ours));
        }
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
        let anew = beginning::anew(&self.shared.plan, &self.stage.id);
        let help = error.help.map(|it| it.replace(ANEW, &anew));
        RunError { name: error.name, message: error.message, help, origin, class }
    }

    fn reply(&mut self, reply: Reply) -> Result<(), RunError> {
        match reply {
            Reply::Committed(done) => {
                self.committed(done);
                Ok(())
            }
            Reply::Fenced(why) => {
                self.reading.on(Happened::Decided(Verdict::Refused));
                self.shared.observer.event(Event::Note { text: format!("{}: {why}; asking again", self.stage.id) });
                Ok(())
            }
            Reply::Failed(error) => Err(error),
        }
    }

    fn committed(&mut self, done: Done) {
        self.reading.on(Happened::Decided(Verdict::Stored));
        self.tally.stored(&done);
        let moved: Vec<_> = done.moves.iter().map(|it| (it.topic, it.partition, it.next)).collect();
        self.reader.commit_for_lag_tools(&moved);
        self.recycled.push(done.chunks);
        self.shared.observer.event(Event::Committed {
            stage: self.stage.id.clone(),
            epochs: done.number,
            records: self.tally.records(),
            dead_letters: self.tally.dead_letters(),
            behind: None,
        });
    }

    /// Waits until everything that was handed over is decided; false if patience ends first.
    fn settle(&mut self, patience: Patience) -> Result<bool, RunError> {
        let started = Instant::now();
        while self.reading.in_flight() > 0 {
            if patience == Patience::Group && started.elapsed() > REVOKE_PATIENCE {
                self.shared.observer.event(Event::Note {
                    text: format!(
                        "{}: partitions are taken away while the database is away; nothing is lost",
                        self.stage.id
                    ),
                });
                return Ok(false);
            }
            if let Some(reply) = self.committer.wait(Duration::from_millis(50)) {
                self.reply(reply)?;
            }
        }
        Ok(true)
    }

    fn resume(&mut self, positions: &[(u16, i32, i64)]) -> Result<(), RunError> {
        self.ends = None;
        for (topic, partition, next) in positions {
            match self.reader.check_position(*topic, *partition, *next) {
                Ok(()) => {}
                Err(error) if error.is_fatal() => return Err(self.reader_error(error)),
                // Brokers are away: to ask for each partition would only take longer.
                Err(_) => break,
            }
        }
        if let Err(error) = self.reader.resume(positions) {
            // The assignment changed while we asked: the news of it is next. Or brokers are away.
            self.failed(error)?;
            self.reading.on(Happened::NotResumed);
        }
        Ok(())
    }

    /// To begin anew under a run that was somewhere would store records twice.
    fn positions_gone(&self) -> RunError {
        RunError {
            name: "positions-gone",
            message: format!("the stored positions of stage `{}` are gone while it runs", self.stage.id),
            help: Some(format!(
                "has a program under a new name taken them over (`was = …`)? Then run that one. Else somebody has deleted them: \
                 start again with `--from` and where it begins, or say so with `{} --to …`",
                beginning::anew(&self.shared.plan, &self.stage.id)
            )),
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
                        "`{}` begins with the first record of the new topic; rows of the old one stay",
                        beginning::anew(&self.shared.plan, &self.stage.id)
                    )),
                    origin: topic.map(|it| it.origin),
                    class: ErrorClass::WouldLose,
                });
            }
        }
        Ok(())
    }

    /// Where partitions begin that were never read.
    fn starts(&self, fresh: &[Acquired]) -> Result<Vec<Acquired>, ReaderError> {
        let mut out = Vec::with_capacity(fresh.len());
        for it in fresh {
            let of_topic = self.topics.get(usize::from(it.topic)).map(|topic| topic.start);
            let start = match self.shared.settings.from.or(of_topic).unwrap_or_default() {
                // All that is in a partition that was added came after the run began.
                _ if self.was_added(it) => Start::Earliest,
                said => said,
            };
            let at = (it.topic, it.partition);
            let found = match start {
                Start::Earliest => self.reader.earliest(&[at]),
                Start::Latest => self.reader.end_offsets(&[at]),
                Start::Timestamp(us) => self.reader.offsets_for_time(&[at], us),
            };
            let next = found?.first().map(|(_, _, offset)| *offset);
            out.push(Acquired { next, topic_id: self.topic_id(it.topic), ..it.clone() });
        }
        Ok(out)
    }

    /// The topic has got this partition since the run began.
    fn was_added(&self, it: &Acquired) -> bool {
        let name = self.stage.topics.get(usize::from(it.topic));
        name.and_then(|it| self.shared.partitions.get(it)).is_some_and(|before| it.partition >= *before)
    }

    fn tell_assignment(&self) {
        let name = |topic: &u16| self.stage.topics.get(usize::from(*topic)).map_or("?", String::as_str);
        let partitions =
            self.reading.ours().iter().map(|(topic, partition)| format!("{}[{partition}]", name(topic))).collect();
        self.shared.observer.event(Event::Assigned { stage: self.stage.id.clone(), partitions });
    }

    /// `--until-end`: true when nothing feeds the topics any more and each partition of ours is read to its end.
    fn at_end(&mut self) -> Result<bool, RunError> {
        if !self.shared.settings.until_end || self.shared.fed(&self.stage.topics) {
            return Ok(false);
        }
        if self.reading.ours().is_empty() {
            // More instances than partitions: the others read to the end.
            return Ok(self.without.elapsed() > SPARE_PATIENCE);
        }
        self.without = Instant::now();
        let ends = match &self.ends {
            Some(ends) => ends.clone(),
            None => {
                let ours: Vec<(u16, i32)> = self.reading.ours().iter().copied().collect();
                match self.ends_of(&ours) {
                    Ok(ends) => self.ends.insert(ends).clone(),
                    Err(error) => return self.not_now(error).map(|()| false),
                }
            }
        };
        match self.reader.at_end(&ends) {
            Ok(at_end) => Ok(at_end),
            Err(error) => self.not_now(error).map(|()| false),
        }
    }

    /// Where these partitions end. What this program has committed into its topics is theirs, even while they cannot show it yet;
    /// of others' topics, what is committed counts: a transaction of somebody else may stay open for long.
    fn ends_of(&self, ours: &[(u16, i32)]) -> Result<Vec<(u16, i32, i64)>, ReaderError> {
        let is_fed = |it: &&(u16, i32)| {
            let name = self.stage.topics.get(usize::from(it.0));
            name.is_some_and(|name| self.shared.plan.ingest.iter().any(|it| it.topic == *name))
        };
        let (fed, others): (Vec<_>, Vec<_>) = ours.iter().partition(is_fed);
        let mut ends = self.reader.log_ends(&fed)?;
        ends.extend(self.reader.end_offsets(&others)?);
        Ok(ends)
    }

    /// A question that the cluster does not answer now is asked again; brokers that are away are told of by the reader.
    fn not_now(&self, error: ReaderError) -> Result<(), RunError> {
        if error.is_fatal() {
            return Err(self.reader_error(error));
        }
        tracing::debug!(%error, "asked again");
        Ok(())
    }

    /// A policy stops the stage: what came before the record is stored first.
    fn halt(&mut self, halt: Halt) -> RunError {
        let end = if halt.drop_epoch { Happened::Abort } else { Happened::Stop };
        match self.tell(end) {
            Ok(()) => halt.error,
            Err(error) => error,
        }
    }
}
