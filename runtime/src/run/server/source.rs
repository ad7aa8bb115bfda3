//! A source on a real cluster: records of all its topics and its cursor in one Kafka transaction, by one instance at a time.
//! As a service it goes on with what comes later.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipewright_plan::{Source, Start, Topic};

use super::super::positions::SourceCursor;
use super::super::{beginning, bug};
use super::{IDLE, Shared, kafka_connection};
use crate::codecs::ColumnRequest;
use crate::connectors::files::{self, Answer, FileReader};
use crate::connectors::kafka::admin::TopicNeed;
use crate::connectors::kafka::errors::{ErrorKind, ReaderError};
use crate::connectors::kafka::ingest::{IngestConfig, IngestError, IngestProducer, too_large};
use crate::connectors::kafka::lease::SourceLease;
use crate::connectors::kafka::letters;
use crate::engine::{Emit, IngestCore, IngestHalt};
use crate::report::{Event, RunError, SourceSummary};

/// A transaction is committed after this many bytes or this long, whichever comes first.
const TRANSACTION_BYTES: u64 = 8 << 20;
const TRANSACTION_TIME: Duration = Duration::from_millis(250);
/// How often a service looks for new files and lines.
const LOOK: Duration = Duration::from_secs(1);

/// Why a stretch of reading ended early.
enum Interrupted {
    /// Begin again at the last commit, with a new producer.
    Again(String),
    /// The run ends.
    Failed(RunError),
}

impl From<RunError> for Interrupted {
    fn from(error: RunError) -> Self {
        Self::Failed(error)
    }
}

impl From<ReaderError> for Interrupted {
    fn from(error: ReaderError) -> Self {
        match error.class {
            ErrorKind::Retry => Self::Again(error.message),
            ErrorKind::Fatal(class) => Self::Failed(RunError {
                name: error.name,
                message: error.message,
                help: error.help,
                origin: None,
                class,
            }),
        }
    }
}

impl From<IngestError> for Interrupted {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Redo(error) | IngestError::Renew(error) => error.into(),
            IngestError::Stop(error) => Self::Failed(error),
            other => Self::Again(other.to_string()),
        }
    }
}

/// Runs a source until it ends, or the run does. What it did counts also where it ends with an error.
pub(super) fn run(shared: &Shared, name: &str, topics: &[String]) -> (SourceSummary, Option<RunError>) {
    let mut total = SourceSummary { name: name.to_string(), ..SourceSummary::default() };
    let result = run_into(shared, name, topics, &mut total);
    (total, result.err())
}

fn run_into(shared: &Shared, name: &str, topics: &[String], total: &mut SourceSummary) -> Result<(), RunError> {
    let plan = &shared.plan;
    let source = plan.source(name).ok_or_else(|| bug(format!("the plan has no source `{name}`")))?;
    let targets: Vec<&Topic> = topics.iter().filter_map(|it| plan.topic(it)).collect();
    let first = targets.first().ok_or_else(|| bug(format!("the source `{name}` feeds no topic")))?;
    if let Some(other) = targets.iter().find(|it| it.connection != first.connection) {
        return Err(bug(format!("`{name}` feeds `{}` and `{}`, which are on two clusters", first.name, other.name)));
    }
    let cluster = first.connection.clone();
    let connection = kafka_connection(plan, &cluster)?;
    let id = transactional_id(shared, name);
    let reading =
        Reading { shared, source, topics: targets, cluster, id, troubled: Cell::new(false), started: Cell::new(false) };
    let state_dir = Some(shared.settings.state_dir.clone());
    let observer = Arc::clone(&shared.observer);
    let mut lease = SourceLease::join(&connection, &reading.cluster, &reading.id, state_dir, observer)?;
    let result = reading.run(&mut lease, total);
    if result.is_ok() {
        // Everything is committed: the stages need not wait until the group knows that we left.
        shared.no_longer_feeding(name);
    }
    lease.close();
    result
}

fn transactional_id(shared: &Shared, source: &str) -> String {
    let planned = shared.plan.ingest.iter().find(|it| it.source == source).map(|it| it.transactional_id.clone());
    planned.unwrap_or_else(|| format!("{}.source.{source}", shared.plan.pipeline.name))
}

struct Reading<'a> {
    shared: &'a Shared,
    source: &'a Source,
    topics: Vec<&'a Topic>,
    /// The connection of all of them.
    cluster: String,
    id: String,
    /// It was told why nothing goes on, and nothing has since.
    troubled: Cell<bool>,
    /// It was told what `--from` says to it.
    started: Cell<bool>,
}

impl Reading<'_> {
    fn run(&self, lease: &mut SourceLease, total: &mut SourceSummary) -> Result<(), RunError> {
        loop {
            loop {
                match lease.poll(IDLE) {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(error) => self.interrupted(error.into())?,
                }
                if self.shared.ending() {
                    return Ok(());
                }
            }
            match self.while_held(lease, total) {
                Ok(true) => return Ok(()),
                Ok(false) if self.shared.ending() => return Ok(()),
                Ok(false) => {}
                Err(interrupted) => {
                    self.interrupted(interrupted)?;
                    if self.shared.ending() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Waits a little before the next try; an error that trying again cannot mend ends the source.
    fn interrupted(&self, interrupted: Interrupted) -> Result<(), RunError> {
        match interrupted {
            Interrupted::Failed(error) => Err(RunError { origin: error.origin.or(Some(self.source.origin)), ..error }),
            Interrupted::Again(why) => {
                if !self.troubled.replace(true) {
                    let text = format!("source `{}`: {why}; going on from the last commit", self.source.name);
                    self.shared.observer.event(Event::Note { text });
                }
                std::thread::sleep(Duration::from_millis(200));
                Ok(())
            }
        }
    }

    fn producer(&self) -> Result<IngestProducer, Interrupted> {
        let plan = &self.shared.plan;
        Ok(IngestProducer::new(IngestConfig {
            connection: kafka_connection(plan, &self.cluster)?,
            connection_name: self.cluster.clone(),
            program: plan.pipeline.name.clone(),
            was: plan.pipeline.was.clone(),
            source: self.source.name.clone(),
            transactional_id: self.id.clone(),
            topics: self.topics.iter().map(|it| TopicNeed::from(*it)).collect(),
            // One client has one compression; the compiler holds topics of one source to that.
            compression: self.topics.first().map(|it| it.compression.clone()).unwrap_or_default(),
        })?)
    }

    /// True when the source has ended; false when the lease or the run has.
    fn while_held(&self, lease: &mut SourceLease, total: &mut SourceSummary) -> Result<bool, Interrupted> {
        let plan = &self.shared.plan;
        let mut producer = self.producer()?;
        let stored: Option<SourceCursor> = match producer.cursor() {
            Some(text) => Some(
                serde_json::from_str(text).map_err(|error| bug(format!("the stored cursor is unreadable: {error}")))?,
            ),
            None => None,
        };
        let connection =
            plan.connection(&self.source.connection).ok_or_else(|| bug("a source without a connection"))?;
        let position = stored.as_ref().map(|it| it.position.as_str());
        self.tell_start(position.is_some());
        if position.is_none() && self.is_service() && !self.wait_for_first(lease)? {
            return Ok(false);
        }
        let mut reader = FileReader::open(&connection.options, &self.source.options, &self.source.format, position)?;
        if self.is_service() {
            reader.follow();
        }
        let (read_before, letters_before) = stored.as_ref().map_or((0, 0), |it| (it.read, it.letters));
        if total.read == 0 {
            (total.read_before, total.letters_before) = (read_before, letters_before);
        }
        let already_there = i64::try_from(read_before).unwrap_or_default();
        let decoder = |columns: &[ColumnRequest]| reader.decoder(columns, &self.source.schema);
        let partitions = |index| i32::try_from(producer.partitions(index)).unwrap_or(1);
        let targets: Vec<_> =
            self.topics.iter().enumerate().map(|(index, it)| (*it, partitions(index), already_there)).collect();
        let mut core = IngestCore::new(plan, self.source, &targets, 0, &decoder)?;
        let before = total.clone();
        loop {
            if self.shared.ending() || !lease.poll(Duration::ZERO)? {
                return Ok(false);
            }
            producer.begin()?;
            let ended = match self.fill(&mut producer, &mut reader, &mut core) {
                Ok(filled) => filled,
                Err(interrupted) => {
                    // What was sent is not visible; whether the abort itself succeeds changes nothing for us.
                    let _ = producer.abort();
                    return Err(interrupted);
                }
            };
            let seen = core.summary(read_before);
            let letters = letters_before + seen.dead_letters.values().sum::<u64>();
            let cursor = SourceCursor { position: reader.cursor(), read: read_before + seen.read, letters };
            let text = serde_json::to_string(&cursor).map_err(|error| bug(error.to_string()))?;
            producer.commit(&text)?;
            self.troubled.set(false);
            *total = merge(before.clone(), seen);
            self.shared.observer.event(Event::Source {
                source: self.source.name.clone(),
                records: total.read,
                bytes: reader.consumed_bytes(),
            });
            match ended {
                Filled::Room => {}
                Filled::Ended if self.is_service() && reader.can_follow() => {
                    if !self.wait_for_more(&mut reader, lease)? {
                        return Ok(false);
                    }
                }
                Filled::Ended => return Ok(true),
                // What was read before it is good and is stored; then the run ends with it.
                Filled::Broken(error) => return Err(error.into()),
            }
        }
    }

    /// `--from` is for stages; of a source it says what the source does anyway, or nothing. Told once.
    fn tell_start(&self, is_stored: bool) {
        let Some(from) = self.shared.settings.from.filter(|_| !self.started.replace(true)) else { return };
        let name = &self.source.name;
        let text = match (is_stored, from) {
            (true, _) => format!(
                "source `{name}` goes on at its stored position; for its first record: `{}`",
                beginning::anew(&self.shared.plan, name)
            ),
            (false, Start::Latest | Start::Timestamp(_)) => {
                format!("source `{name}` begins at its first record: `--from` is for stages")
            }
            (false, Start::Earliest) => return,
        };
        self.shared.observer.event(Event::Note { text });
    }

    /// It does not end by itself.
    fn is_service(&self) -> bool {
        !self.shared.settings.until_end
    }

    /// Waits until a pattern has a file at all: its header must be known. False: the lease or the run has ended.
    fn wait_for_first(&self, lease: &mut SourceLease) -> Result<bool, Interrupted> {
        let options = |name: &str| self.shared.plan.connection(name).map(|it| it.options.clone()).unwrap_or_default();
        let connection = options(&self.source.connection);
        let mut told = false;
        while files::nothing_yet(&connection, &self.source.options, &self.source.format)? {
            if !told {
                told = true;
                let text = format!("source `{}` waits: no file matches its `path` yet", self.source.name);
                self.shared.observer.event(Event::Note { text });
            }
            if !self.pause(lease)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits until there are new files or lines. False: the lease or the run has ended.
    fn wait_for_more(&self, reader: &mut FileReader, lease: &mut SourceLease) -> Result<bool, Interrupted> {
        while !reader.look_again()? {
            if !self.pause(lease)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Until the next look. False: the lease or the run has ended.
    fn pause(&self, lease: &mut SourceLease) -> Result<bool, Interrupted> {
        let started = Instant::now();
        while started.elapsed() < LOOK {
            if self.shared.ending() || !lease.poll(IDLE)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fills one transaction.
    fn fill(
        &self,
        producer: &mut IngestProducer,
        reader: &mut FileReader,
        core: &mut IngestCore,
    ) -> Result<Filled, Interrupted> {
        let opened = Instant::now();
        let mut bytes = 0;
        while bytes < TRANSACTION_BYTES && opened.elapsed() < TRANSACTION_TIME {
            let mut emit = ToKafka { producer, bytes: 0, failed: None, refused: vec![] };
            let mut halt = None;
            let progress = reader.next_batch_while(1_000, 1 << 20, &mut |record| {
                halt = core.take(&record, &mut emit).err();
                match &halt {
                    None => Answer::Taken,
                    Some(IngestHalt::Policy { taken: true, .. }) => Answer::Enough,
                    Some(IngestHalt::Policy { taken: false, .. } | IngestHalt::Emit(_)) => Answer::Refused,
                }
            });
            bytes += emit.bytes;
            let refused = std::mem::take(&mut emit.refused);
            if let Some(error) = emit.failed {
                return Err(error.into());
            }
            if let Some(IngestHalt::Emit(error)) = halt {
                return Err(error.into());
            }
            if let Some((topic, reason)) = refused.into_iter().next() {
                let origin = self.topics.get(topic).map(|it| it.origin);
                return Err(Interrupted::Failed(RunError { origin, ..too_large(reason) }));
            }
            for letter in core.letters() {
                let at = letter.at;
                let id = letters::id(&self.source.name, at.partition, at.offset, i32::from(letter.ordinal));
                producer.dead_letter(&id, &letter)?;
            }
            if let Some(IngestHalt::Policy { error, .. }) = halt {
                return Ok(Filled::Broken(error));
            }
            match progress {
                Ok(progress) if progress.ended => return Ok(Filled::Ended),
                Ok(progress) if progress.records == 0 => std::thread::sleep(Duration::from_millis(5)),
                Ok(_) => {}
                Err(error) => return Ok(Filled::Broken(error)),
            }
        }
        Ok(Filled::Room)
    }
}

/// How filling a transaction ended.
enum Filled {
    /// It is full; there may be more.
    Room,
    /// The source is at its end.
    Ended,
    /// The source cannot, or must not, be read any further.
    Broken(RunError),
}

/// Where messages go within a transaction.
struct ToKafka<'a> {
    producer: &'a mut IngestProducer,
    bytes: u64,
    failed: Option<IngestError>,
    /// Index of the topic, and why.
    refused: Vec<(usize, String)>,
}

impl Emit for ToKafka<'_> {
    fn emit(
        &mut self,
        target: usize,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<(), RunError> {
        self.bytes += (key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len)) as u64;
        match self.producer.send(target, partition, key, value, &[], None) {
            Ok(()) => Ok(()),
            Err(IngestError::Refused(bad)) => {
                self.refused.push((target, bad.reason));
                Ok(())
            }
            Err(error) => {
                self.failed = Some(error);
                Err(bug("the transaction failed"))
            }
        }
    }
}

/// One instance may hold the lease more than once in a run.
fn merge(mut total: SourceSummary, seen: SourceSummary) -> SourceSummary {
    total.read += seen.read;
    total.filtered += seen.filtered;
    total.skipped += seen.skipped;
    total.good += seen.good;
    total.first_bad = total.first_bad.or(seen.first_bad);
    total.origin = seen.origin;
    for (name, count) in seen.dead_letters {
        *total.dead_letters.entry(name).or_default() += count;
    }
    total
}
