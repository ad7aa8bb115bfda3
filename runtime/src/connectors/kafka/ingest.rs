//! Writing a source's records into its topics: records, dead letters and the source's cursor in one transaction.
//!
//! Knows no source; cursors are opaque text. Invariants: one transactional id per source, so a new producer finishes or aborts
//! what an earlier one left open and shuts it out; the cursor is read only after that; what the outcome of a commit was is
//! never guessed, but read.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipewright_plan::Cleanup;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::util::Timeout;

use super::admin::{Cluster, TopicFound, TopicNeed, invalid_client};
use super::client::{self, Purpose};
use super::cursor::{POSITIONS, cursor_key, positions_topic, read_all};
use super::errors::ReaderError;
use super::letters;
use super::ownership::Owners;
use super::renamed;
use super::spec::KafkaConnection;
use crate::crash_points;
use crate::record::{BadRecord, DeadLetter};
use crate::report::{ErrorClass, RunError};
use crate::sinks::dead_letters::StoredLetter;

/// How long the cluster may take to shut an earlier producer out.
const INIT: Duration = Duration::from_secs(30);
/// How long the first connection is waited for.
const FIRST: Duration = Duration::from_secs(5);
/// How long an abort may take; after that the producer is given up.
const ABORT: Duration = Duration::from_secs(30);
/// How long the send queue may stay full.
const FULL: Duration = Duration::from_secs(60);

/// What a writer needs to know.
#[derive(Clone, Debug)]
pub struct IngestConfig {
    /// The cluster.
    pub connection: KafkaConnection,
    /// The connection's name, for messages.
    pub connection_name: String,
    /// The program.
    pub program: String,
    /// The program's old name, if it was renamed.
    pub was: Option<String>,
    /// The source.
    pub source: String,
    /// `<program>.source.<name>`
    pub transactional_id: String,
    /// The topics it feeds.
    pub topics: Vec<TopicNeed>,
    /// `zstd`, `lz4`, `none`, …
    pub compression: String,
}

/// What to do after a failure. In every case nothing of the open transaction is or will be visible, unless said.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IngestError {
    /// The transaction was aborted. Go back to [`IngestProducer::cursor`] and send again.
    #[error("{0}")]
    Redo(ReaderError),
    /// The producer is of no use any more, and a commit may have happened or not: make a new one, it knows the cursor.
    #[error("{0}")]
    Renew(ReaderError),
    /// Another producer of the same source has taken over, or brokers that were away for longer than a transaction may last
    /// have ended it. Go on only as the owner of the source's lease, with a new producer.
    #[error("another instance has taken over the source, or its transaction lasted too long")]
    Fenced,
    /// This record cannot be sent; it was not, and the transaction goes on. Send a dead letter in its place.
    #[error("{}", .0.reason)]
    Refused(BadRecord),
    /// Only the user can mend it.
    #[error(transparent)]
    Stop(RunError),
}

/// A record that the client refuses, where there is no letter in its place.
pub fn too_large(reason: String) -> RunError {
    RunError {
        name: "record-too-large",
        message: reason,
        help: Some("raise `message.max.bytes` of the connection's client and of the topic".into()),
        origin: None,
        class: ErrorClass::Configuration,
    }
}

/// Writes a source's records in transactions. All calls block.
pub struct IngestProducer {
    producer: ThreadedProducer<DefaultProducerContext>,
    /// Name and partitions.
    topics: Vec<(String, u32)>,
    dead_letters: String,
    program: String,
    source: String,
    key: String,
    /// The key under the program's old name, until the cursor has moved.
    leaving: Option<String>,
    cursor: Option<String>,
    open: bool,
    /// The open transaction holds records.
    filled: bool,
}

/// The topic that holds the dead letters of a program's sources.
pub fn dead_letter_topic(program: &str) -> String {
    format!("{program}.dead_letters")
}

/// What that topic must look like.
pub fn letters_topic(program: &str) -> TopicNeed {
    TopicNeed {
        name: dead_letter_topic(program),
        owned: true,
        partitions: None,
        replication: None,
        cleanup: Cleanup::Delete,
        // A letter waits until somebody has looked at it.
        retention_ms: Some(-1),
        segment_bytes: None,
    }
}

impl IngestProducer {
    /// Creates what is missing, shuts an earlier producer of the same source out, reads the cursor.
    pub fn new(config: IngestConfig) -> Result<Self, ReaderError> {
        let IngestConfig { connection, connection_name, program, was, source, transactional_id, topics, compression } =
            config;
        let need = letters_topic(&program);
        let dead_letters = need.name.clone();
        let cluster = Cluster::new(&connection, &connection_name).map_err(ReaderError::from)?;
        let needs: Vec<_> = topics.iter().cloned().chain([positions_topic(), need]).collect();
        let found = cluster.prepare(&needs).map_err(ReaderError::from)?;
        let fed: Vec<TopicFound> = found.into_iter().take(topics.len()).collect();

        let mut settings = client::config(&connection, Purpose::Writer, 1);
        settings.set("transactional.id", &transactional_id);
        settings.set("compression.type", &compression);
        let producer: ThreadedProducer<DefaultProducerContext> =
            settings.create().map_err(|error| ReaderError::from(invalid_client(&connection_name, &error)))?;
        init(&producer, &source)?;
        let key = cursor_key(&program, &source);
        let own = claimed(&connection, &producer, &fed, &key, &program, was.as_deref())?;
        let own = renamed::stored(own, &program, was.as_deref())?;
        let topics = fed.into_iter().map(|TopicFound { name, partitions, .. }| (name, partitions)).collect();
        let mut leaving = None;
        let cursor = match &was {
            None => own,
            Some(was) => {
                let old = renamed::old_cursor(&connection, &connection_name, was, &source)?;
                leaving = old.is_some().then(|| cursor_key(was, &source));
                renamed::choose(own, old, &program, was, &source)?
            }
        };
        Ok(Self { producer, topics, dead_letters, program, source, key, leaving, cursor, open: false, filled: false })
    }

    /// The cursor of the last committed transaction.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// How many partitions a topic has, by its index.
    pub fn partitions(&self, topic: usize) -> u32 {
        self.topics.get(topic).map_or(1, |(_, partitions)| *partitions)
    }

    /// Begins a transaction.
    pub fn begin(&mut self) -> Result<(), IngestError> {
        self.producer.begin_transaction().map_err(|error| self.failed("a transaction cannot be begun", &error))?;
        crash_points::here("ingest-begun");
        self.open = true;
        self.filled = false;
        Ok(())
    }

    /// Sends a record of the source to the topic of that index, in the open transaction. `timestamp`: microseconds since 1970; none: now.
    pub fn send(
        &mut self,
        topic: usize,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&str, &[u8])],
        timestamp: Option<i64>,
    ) -> Result<(), IngestError> {
        let name = self.topics.get(topic).map_or("", |(name, _)| name.as_str());
        let mut record = BaseRecord::to(name).partition(partition);
        record.key = key;
        record.payload = value;
        record.timestamp = timestamp.map(|us| us.div_euclid(1000));
        if !headers.is_empty() {
            record.headers = Some(owned(headers));
        }
        self.filled = true;
        let size = key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len);
        match enqueue(&self.producer, record) {
            Err(KafkaError::MessageProduction(Code::MessageSizeTooLarge)) => Err(IngestError::Refused(BadRecord {
                name: "record-too-large",
                reason: format!("a record of {size} bytes is larger than `message.max.bytes` of the client"),
                origin: None,
            })),
            sent => sent.map_err(|error| self.failed("a record cannot be sent", &error)),
        }
    }

    /// Sends a dead letter in the open transaction. `id` tells where in the source the record stood; it is the message key.
    pub fn dead_letter(&mut self, id: &str, letter: &DeadLetter) -> Result<(), IngestError> {
        self.filled = true;
        let sent = match self.enqueue_letter(id, letter) {
            Err(KafkaError::MessageProduction(Code::MessageSizeTooLarge)) if letter.original.is_some() => {
                let mut short = DeadLetter { original: None, ..letter.clone() };
                short.bad.reason.push_str(" (the original is too large to be kept)");
                self.enqueue_letter(id, &short)
            }
            sent => sent,
        };
        sent.map_err(|error| self.failed("a dead letter cannot be sent", &error))
    }

    /// Marks a dead letter of the source as dealt with, in the open transaction.
    pub fn mark(&mut self, id: &str) -> Result<(), IngestError> {
        let json = letters::mark_json(&self.program, id);
        self.send_json(id, &json)
    }

    /// Writes a dead letter once more, in the open transaction: its reason is another one.
    pub fn letter_again(&mut self, id: &str, letter: &StoredLetter) -> Result<(), IngestError> {
        let json = letters::again_json(&self.program, id, letter);
        self.send_json(id, &json)
    }

    fn send_json(&mut self, id: &str, json: &serde_json::Value) -> Result<(), IngestError> {
        self.filled = true;
        let value = json.to_string();
        let headers = owned(&[("id", id.as_bytes())]);
        let record = BaseRecord::to(&self.dead_letters).key(id.as_bytes()).payload(value.as_bytes()).headers(headers);
        let sent = enqueue(&self.producer, record);
        sent.map_err(|error| self.failed("a dead letter cannot be sent", &error))
    }

    fn enqueue_letter(&self, id: &str, letter: &DeadLetter) -> Result<(), KafkaError> {
        let value = letter_json(&self.program, &self.source, id, letter).to_string();
        let headers = owned(&[("id", id.as_bytes()), ("name", letter.bad.name.as_bytes())]);
        let record = BaseRecord::to(&self.dead_letters).key(id.as_bytes()).payload(value.as_bytes()).headers(headers);
        enqueue(&self.producer, record)
    }

    /// Commits what was sent since [`begin`](Self::begin), together with the source's new cursor. Where nothing is new, nothing
    /// is written: the client ends an empty transaction without asking the cluster.
    pub fn commit(&mut self, cursor: &str) -> Result<(), IngestError> {
        if self.filled || self.leaving.is_some() || self.cursor.as_deref() != Some(cursor) {
            self.send_cursor(cursor)?;
        }
        crash_points::here("ingest-sent");
        self.end(cursor)
    }

    /// Sends the source's cursor in the open transaction; one that moves from the program's old name says so there.
    fn send_cursor(&mut self, cursor: &str) -> Result<(), IngestError> {
        let record = BaseRecord::to(POSITIONS).partition(0).key(self.key.as_bytes()).payload(cursor.as_bytes());
        let sent = enqueue(&self.producer, record);
        sent.map_err(|error| self.failed("the position of the source cannot be sent", &error))?;
        if let Some(old) = &self.leaving {
            let moved = renamed::moved_to(&self.program);
            let record = BaseRecord::to(POSITIONS).partition(0).key(old.as_bytes()).payload(moved.as_bytes());
            let sent = enqueue(&self.producer, record);
            sent.map_err(|error| self.failed("the position of the source cannot be moved", &error))?;
        }
        Ok(())
    }

    /// Commits the open transaction.
    fn end(&mut self, cursor: &str) -> Result<(), IngestError> {
        loop {
            match self.producer.commit_transaction(Timeout::Never) {
                Ok(()) => {
                    crash_points::here("ingest-committed");
                    self.open = false;
                    self.leaving = None;
                    self.cursor = Some(cursor.to_string());
                    return Ok(());
                }
                Err(KafkaError::Transaction(error)) if error.is_retriable() => {
                    tracing::debug!(error = error.string(), "commit is tried again");
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(error) => return Err(self.failed("a transaction cannot be committed", &error)),
            }
        }
    }

    /// Gives up the open transaction, if there is one. Nothing of it is ever visible.
    pub fn abort(&mut self) -> Result<(), IngestError> {
        if !self.open {
            return Ok(());
        }
        self.open = false;
        match self.producer.abort_transaction(ABORT) {
            Ok(()) => Ok(()),
            // After a timeout or an unclear answer the producer must not be used again.
            Err(error) => Err(match self.fatal("a transaction cannot be aborted", &error) {
                Some(fatal) => fatal,
                None => IngestError::Renew(ReaderError::of("a transaction cannot be aborted", &error)),
            }),
        }
    }

    /// What a failure means, after the transaction was aborted if that is what it takes.
    fn failed(&mut self, doing: &str, error: &KafkaError) -> IngestError {
        if let Some(fatal) = self.fatal(doing, error) {
            self.open = false;
            return fatal;
        }
        let told = ReaderError::of(doing, error);
        if told.is_fatal() {
            // Whatever comes of the abort: the user must mend the cause first.
            let _ = self.abort();
            return IngestError::Stop(told.into());
        }
        let unclear = match error {
            KafkaError::Transaction(error) => !error.txn_requires_abort(),
            _ => false,
        };
        if unclear {
            self.open = false;
            return IngestError::Renew(told);
        }
        match self.abort() {
            Ok(()) => IngestError::Redo(told),
            Err(error) => error,
        }
    }

    /// The producer is dead, or shut out.
    fn fatal(&self, doing: &str, error: &KafkaError) -> Option<IngestError> {
        let code = error.rdkafka_error_code();
        let fatal = self.producer.client().fatal_error();
        let codes = [code, fatal.as_ref().map(|(code, _)| *code)];
        if codes.into_iter().flatten().any(is_fenced) {
            return Some(IngestError::Fenced);
        }
        let (code, words) = match (fatal, error) {
            (Some(fatal), _) => fatal,
            (None, KafkaError::Transaction(error)) if error.is_fatal() => (error.code(), error.string()),
            _ => return None,
        };
        let told = ReaderError::of_code(doing, code, Some(&words));
        Some(if told.is_fatal() { IngestError::Stop(told.into()) } else { IngestError::Renew(told) })
    }
}

impl Drop for IngestProducer {
    fn drop(&mut self) {
        if self.open {
            // Best effort: the cluster aborts it anyway, after a minute or when the next producer comes.
            let _ = self.producer.abort_transaction(Duration::from_secs(2));
        }
    }
}

/// A newer producer with the same transactional id has shut this one out.
fn is_fenced(code: Code) -> bool {
    matches!(
        code,
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch | Code::TransactionCoordinatorFenced
    )
}

pub(super) fn init(producer: &ThreadedProducer<DefaultProducerContext>, source: &str) -> Result<(), ReaderError> {
    let doing = format!("source `{source}` cannot begin to write");
    // A client that has no connection yet when it is asked to begin looks for one again after half a second. The first answer comes
    // from the address it was given, which it gives up for the broker's own; the second one from that.
    for _ in 0..2 {
        let _ = producer.client().fetch_metadata(Some(POSITIONS), FIRST);
    }
    let deadline = Instant::now() + INIT;
    loop {
        match producer.init_transactions(INIT) {
            Ok(()) => return Ok(()),
            Err(KafkaError::Transaction(error)) if error.is_retriable() && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(KafkaError::Transaction(error)) if error.code() == Code::InvalidTransactionTimeout => {
                return Err(ReaderError::configuration("transaction-timeout", format!("{doing}: {}", error.string()))
                    .help("raise `transaction.max.timeout.ms` of the brokers to 60000 or more"));
            }
            Err(KafkaError::Transaction(error)) => {
                return Err(ReaderError::of_code(&doing, error.code(), Some(&error.string())));
            }
            Err(error) => return Err(ReaderError::of(&doing, &error)),
        }
    }
}

fn owned(headers: &[(&str, &[u8])]) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |all, (key, value)| {
        all.insert(Header { key, value: Some(*value) })
    })
}

/// Puts a record into the client's queue; waits while it is full.
fn enqueue(
    producer: &ThreadedProducer<DefaultProducerContext>,
    mut record: BaseRecord<'_, [u8], [u8]>,
) -> Result<(), KafkaError> {
    let deadline = Instant::now() + FULL;
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(Code::QueueFull), back)) if Instant::now() < deadline => {
                record = back;
                std::thread::sleep(Duration::from_millis(2));
            }
            Err((error, _)) => return Err(error),
        }
    }
}

/// The cursor of this key, once all topics are the program's own. What it has not claimed yet it claims, and looks again
/// whether it was the first.
fn claimed(
    connection: &KafkaConnection,
    producer: &ThreadedProducer<DefaultProducerContext>,
    topics: &[TopicFound],
    key: &str,
    program: &str,
    was: Option<&str>,
) -> Result<Option<String>, ReaderError> {
    loop {
        let (mut owners, mut cursor) = (Owners::of(topics), None);
        read_all(connection, &mut |found, value| {
            if found == key.as_bytes() {
                cursor = value.map(|it| String::from_utf8_lossy(it).into_owned());
            }
            owners.hear(found, value);
        })?;
        let missing = owners.missing(program, was)?;
        if missing.is_empty() {
            return Ok(cursor);
        }
        let failed = |error| ReaderError::of("the topics of the program cannot be claimed", &error);
        producer.begin_transaction().map_err(failed)?;
        for (key, value) in &missing {
            let claim = BaseRecord::to(POSITIONS).partition(0).key(key.as_bytes()).payload(value.as_bytes());
            enqueue(producer, claim).map_err(failed)?;
        }
        producer.commit_transaction(INIT).map_err(failed)?;
    }
}

/// A dead letter as JSON: everything a person needs, the original bytes in base64.
fn letter_json(program: &str, source: &str, id: &str, letter: &DeadLetter) -> serde_json::Value {
    let bytes = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|it| STANDARD.encode(it));
    let original = letter.original.as_ref();
    let headers: Option<BTreeMap<&str, Option<String>>> =
        original.map(|it| it.headers.iter().map(|(name, value)| (name.as_str(), bytes(value))).collect());
    serde_json::json!({
        "program": program,
        "source": source,
        "id": id,
        "ordinal": letter.ordinal,
        "node": letter.node,
        "step": letter.step,
        "place": letter.place,
        "name": letter.bad.name,
        "reason": letter.bad.reason,
        "stale_key": letter.stale_key,
        "key": original.and_then(|it| bytes(&it.key)),
        "value": original.and_then(|it| bytes(&it.value)),
        "headers": headers,
        "timestamp_us": original.and_then(|it| it.timestamp),
    })
}
