//! A source on a real cluster: records and cursor in one Kafka transaction, by one instance at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pipewright_plan::{Partitioner, Source, Topic};
use serde::{Deserialize, Serialize};

use super::super::bug;
use super::{IDLE, Shared, kafka_connection};
use crate::codecs::ColumnRequest;
use crate::connectors::files::FileReader;
use crate::connectors::kafka::admin::TopicNeed;
use crate::connectors::kafka::errors::{ErrorKind, ReaderError};
use crate::connectors::kafka::ingest::{IngestConfig, IngestError, IngestProducer};
use crate::connectors::kafka::lease::SourceLease;
use crate::engine::{Emit, IngestCore};
use crate::record::DeadLetter;
use crate::report::{ErrorClass, Event, RunError, SourceSummary};

/// A transaction is committed after this many bytes or this long, whichever comes first.
const TRANSACTION_BYTES: u64 = 8 << 20;
const TRANSACTION_TIME: Duration = Duration::from_millis(250);

/// What is stored as the cursor of a source.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// The reader's own cursor.
    position: String,
    /// Records read over all runs.
    read: u64,
}

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

/// Runs a source until it ends, or the run does.
pub(super) fn run(shared: &Shared, name: &str, topics: &[String]) -> Result<SourceSummary, RunError> {
    let plan = &shared.plan;
    let source = plan.source(name).ok_or_else(|| bug(format!("the plan has no source `{name}`")))?;
    let targets: Vec<&Topic> = topics.iter().filter_map(|it| plan.topic(it)).collect();
    let [topic] = targets.as_slice() else {
        return Err(RunError {
            name: "source-feeds-two-topics",
            message: format!("on a real cluster a source feeds one topic, `{name}` feeds {}", targets.len()),
            help: Some("declare a second source that reads the same, or feed the second topic from a transform".into()),
            origin: Some(source.origin),
            class: ErrorClass::Configuration,
        });
    };
    let reading = Reading { shared, source, topic, id: transactional_id(shared, name) };
    let connection = kafka_connection(plan, &topic.connection)?;
    let state_dir = Some(shared.settings.state_dir.clone());
    let observer = Arc::clone(&shared.observer);
    let mut lease = SourceLease::join(&connection, &topic.connection, &reading.id, state_dir, observer)?;
    let mut total = SourceSummary { name: name.to_string(), ..SourceSummary::default() };
    let result = reading.run(&mut lease, &mut total);
    lease.close();
    result.map(|()| total)
}

fn transactional_id(shared: &Shared, source: &str) -> String {
    let planned = shared.plan.ingest.iter().find(|it| it.source == source).map(|it| it.transactional_id.clone());
    planned.unwrap_or_else(|| format!("{}.source.{source}", shared.plan.pipeline.name))
}

struct Reading<'a> {
    shared: &'a Shared,
    source: &'a Source,
    topic: &'a Topic,
    id: String,
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
                let text = format!("source `{}`: {why}; going on from the last commit", self.source.name);
                self.shared.observer.event(Event::Note { text });
                std::thread::sleep(Duration::from_millis(200));
                Ok(())
            }
        }
    }

    fn producer(&self) -> Result<IngestProducer, Interrupted> {
        let plan = &self.shared.plan;
        Ok(IngestProducer::new(IngestConfig {
            connection: kafka_connection(plan, &self.topic.connection)?,
            connection_name: self.topic.connection.clone(),
            program: plan.pipeline.name.clone(),
            source: self.source.name.clone(),
            transactional_id: self.id.clone(),
            topic: TopicNeed::from(self.topic),
            partitioner: Partitioner::Murmur2,
            compression: self.topic.compression.clone(),
        })?)
    }

    /// True when the source has ended; false when the lease or the run has.
    fn while_held(&self, lease: &mut SourceLease, total: &mut SourceSummary) -> Result<bool, Interrupted> {
        let plan = &self.shared.plan;
        let mut producer = self.producer()?;
        let stored: Option<Stored> = match producer.cursor() {
            Some(text) => Some(
                serde_json::from_str(text).map_err(|error| bug(format!("the stored cursor is unreadable: {error}")))?,
            ),
            None => None,
        };
        let connection =
            plan.connection(&self.source.connection).ok_or_else(|| bug("a source without a connection"))?;
        let position = stored.as_ref().map(|it| it.position.as_str());
        let mut reader = FileReader::open(&connection.options, &self.source.options, &self.source.format, position)?;
        let read_before = stored.as_ref().map_or(0, |it| it.read);
        let partitions = i32::try_from(producer.partitions()).unwrap_or(1);
        let already_there = i64::try_from(read_before).unwrap_or_default();
        let decoder = |columns: &[ColumnRequest]| reader.decoder(columns, &self.source.schema);
        let topics = [(self.topic, partitions, already_there)];
        let mut core = IngestCore::new(plan, self.source, &topics, 0, &decoder)?;
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
            let cursor = Stored { position: reader.cursor(), read: read_before + seen.read };
            let text = serde_json::to_string(&cursor).map_err(|error| bug(error.to_string()))?;
            producer.commit(&text)?;
            self.shared.observer.event(Event::Source {
                source: self.source.name.clone(),
                records: seen.read,
                bytes: reader.consumed_bytes(),
            });
            *total = merge(before.clone(), seen, read_before);
            match ended {
                Filled::Room => {}
                Filled::Ended => return Ok(true),
                // What was read before the fault is good and is stored; then the run ends with it.
                Filled::Broken(error) => return Err(error.into()),
            }
        }
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
            let progress = reader.next_batch(1_000, 1 << 20, &mut |record| {
                if halt.is_none() {
                    halt = core.take(&record, &mut emit).err();
                }
            });
            bytes += emit.bytes;
            let refused = std::mem::take(&mut emit.refused);
            if let Some(error) = emit.failed {
                return Err(error.into());
            }
            if let Some(halt) = halt {
                return Err(halt.error.into());
            }
            if let Some(reason) = refused.into_iter().next() {
                return Err(Interrupted::Failed(RunError {
                    name: "record-too-large",
                    message: reason,
                    help: Some("raise `message.max.bytes` of the connection's client and of the topic".into()),
                    origin: Some(self.topic.origin),
                    class: ErrorClass::Configuration,
                }));
            }
            for letter in core.letters() {
                producer.dead_letter(&letter_id(&self.source.name, &letter), &letter)?;
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
    /// The source cannot be read any further.
    Broken(RunError),
}

/// The same record gives the same id in every run.
fn letter_id(source: &str, letter: &DeadLetter) -> String {
    format!("{source}/{}/{}/{}", letter.at.partition, letter.at.offset, letter.ordinal)
}

/// Where messages go within a transaction.
struct ToKafka<'a> {
    producer: &'a mut IngestProducer,
    bytes: u64,
    failed: Option<IngestError>,
    refused: Vec<String>,
}

impl Emit for ToKafka<'_> {
    fn emit(
        &mut self,
        _target: usize,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<(), RunError> {
        self.bytes += (key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len)) as u64;
        match self.producer.send(partition, key, value, &[], None) {
            Ok(()) => Ok(()),
            Err(IngestError::Refused(bad)) => {
                self.refused.push(bad.reason);
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
fn merge(mut total: SourceSummary, seen: SourceSummary, read_before: u64) -> SourceSummary {
    if total.read == 0 {
        total.read_before = read_before;
    }
    total.read += seen.read;
    total.filtered += seen.filtered;
    total.skipped += seen.skipped;
    for (name, count) in seen.dead_letters {
        *total.dead_letters.entry(name).or_default() += count;
    }
    total
}
