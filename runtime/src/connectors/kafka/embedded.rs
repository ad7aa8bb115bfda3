//! The in-memory cluster of embedded mode: a cluster in this process, a loader that is its only writer, a reader.
//!
//! It speaks the real protocol through the real client, and it forgets: 5 MiB per partition, the oldest first, without a
//! word. Invariants, each with a fatal guard: what is sent and not committed fits its window; every record is acknowledged
//! at the offset it was counted as; the reader sees every offset from 0 on, without a gap; nothing uncommitted is dropped;
//! at the end produced = committed. Knows no sources, no sinks, no transactions (this cluster only pretends to have them).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, NoCustomPartitioner, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

use super::batch::{Batch, MessageQueue};
use super::client::{self, Purpose};
use super::embedded_window::{LARGEST_RECORD, Room, Window, cost};
use super::spec::KafkaConnection;
use crate::report::{ErrorClass, RunError};

pub use super::embedded_window::{Marks, WINDOW_BYTES, WINDOW_RECORDS};

/// How long the cluster may take to answer; it lives in this process.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a reader asks whether anything uncommitted was dropped.
const WATCH: Duration = Duration::from_secs(1);

fn bug(name: &'static str, message: String) -> RunError {
    RunError { name, message, help: None, origin: None, class: ErrorClass::Bug }
}

fn would_lose(name: &'static str, message: String) -> RunError {
    RunError { name, message, help: None, origin: None, class: ErrorClass::WouldLose }
}

/// Why a record was not sent.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    /// The run is stopping.
    #[error("the run is stopping")]
    Stopped,
    /// The cluster or the record is at fault.
    #[error(transparent)]
    Failed(#[from] RunError),
}

struct Partition {
    topic: usize,
    partition: i32,
    window: Window,
}

/// What loader, reader and the client's own threads share.
struct Shared {
    names: Arc<[String]>,
    /// All partitions, topic by topic.
    partitions: Vec<Partition>,
    /// Where the partitions of a topic begin in `partitions`, and how many there are.
    topics: Vec<(usize, u32)>,
    /// How many senders wait for room.
    waiting: AtomicUsize,
    failure: Mutex<Option<RunError>>,
}

impl Shared {
    fn window(&self, topic: u16, partition: i32) -> Option<(usize, &Window)> {
        let (first, count) = *self.topics.get(usize::from(topic))?;
        let partition = u32::try_from(partition).ok().filter(|it| *it < count)?;
        let index = first + partition as usize;
        self.partitions.get(index).map(|it| (index, &it.window))
    }

    fn fail(&self, error: RunError) {
        self.failure.lock().get_or_insert(error);
        for partition in &self.partitions {
            partition.window.stop();
        }
    }

    fn failed(&self) -> Result<(), RunError> {
        self.failure.lock().clone().map_or(Ok(()), Err)
    }

    fn place(&self, at: &Partition) -> String {
        let name = self.names.get(at.topic).map_or("?", String::as_str);
        format!("partition {} of `{name}`", at.partition)
    }
}

/// Checks every delivery report.
struct Reports(Arc<Shared>);

impl ClientContext for Reports {
    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "embedded cluster");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "embedded cluster");
    }
}

impl ProducerContext<NoCustomPartitioner> for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, index: usize) {
        let Some(at) = self.0.partitions.get(index) else { return };
        match result {
            Ok(message) => {
                if !at.window.acknowledge(message.offset()) {
                    let message = format!("{} gave a record another offset than it was counted as", self.0.place(at));
                    self.0.fail(bug("embedded-offsets", message));
                }
            }
            Err((error, _)) => {
                let message = format!("{} did not take a record: {error}", self.0.place(at));
                self.0.fail(bug("embedded-send", message));
            }
        }
    }
}

struct Inner {
    /// Owns the cluster.
    producer: ThreadedProducer<Reports>,
    shared: Arc<Shared>,
}

/// The in-memory cluster; lives as long as its loader or reader.
pub struct EmbeddedCluster;

impl EmbeddedCluster {
    /// Starts a cluster with these topics: name in Kafka and number of partitions, in the order that records count them in.
    pub fn start(topics: &[(String, u32)]) -> Result<(EmbeddedLoader, EmbeddedReader), RunError> {
        let refused = |error: KafkaError| bug("embedded-start", format!("the embedded cluster did not start: {error}"));
        let mut partitions = Vec::new();
        let mut starts = Vec::new();
        for (topic, (_, count)) in topics.iter().enumerate() {
            starts.push((partitions.len(), *count));
            partitions.extend((0..*count).map(|partition| Partition {
                topic,
                partition: i32::try_from(partition).unwrap_or(i32::MAX),
                window: Window::default(),
            }));
        }
        let shared = Arc::new(Shared {
            names: topics.iter().map(|(name, _)| name.clone()).collect(),
            partitions,
            topics: starts,
            waiting: AtomicUsize::new(0),
            failure: Mutex::new(None),
        });

        let mut connection = KafkaConnection::embedded();
        let mut config = client::config(&connection, Purpose::EmbeddedWriter, 1);
        config.remove("bootstrap.servers");
        config.set("test.mock.num.brokers", "1");
        let producer = ThreadedProducer::from_config_and_context(&config, Reports(shared.clone())).map_err(refused)?;
        let brokers = {
            let cluster = producer.client().mock_cluster();
            let cluster = cluster.ok_or_else(|| refused(KafkaError::MockCluster(RDKafkaErrorCode::Fail)))?;
            for (name, count) in topics {
                let count = i32::try_from(*count).unwrap_or(i32::MAX);
                cluster.create_topic(name, count, 1).map_err(refused)?;
            }
            cluster.bootstrap_servers()
        };
        connection.brokers = Some(vec![brokers]);
        let inner = Arc::new(Inner { producer, shared });
        let reader = EmbeddedReader::new(inner.clone(), &connection).map_err(refused)?;
        Ok((EmbeddedLoader { inner }, reader))
    }
}

impl KafkaConnection {
    /// The connection to an in-memory cluster.
    pub fn embedded() -> Self {
        Self { brokers: None, embedded: true, schema_registry: None, tls: None, sasl: None, client: BTreeMap::new() }
    }
}

/// The only writer of an in-memory cluster. Cheap to clone, usable from several threads.
#[derive(Clone)]
pub struct EmbeddedLoader {
    inner: Arc<Inner>,
}

impl EmbeddedLoader {
    /// Sends a record and gives its offset. Blocks while the partition's window is full, until a commit is told or the
    /// loader is stopped.
    pub fn send(&self, topic: u16, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<i64, SendError> {
        let Inner { producer, shared } = &*self.inner;
        let (name, (index, window)) = match (shared.names.get(usize::from(topic)), shared.window(topic, partition)) {
            (Some(name), Some(found)) => (name, found),
            _ => {
                let message = format!("there is no partition {partition} of topic {topic} in the embedded cluster");
                return Err(bug("embedded-partition", message).into());
            }
        };
        let cost = cost(key, value);
        if cost > LARGEST_RECORD {
            return Err(SendError::Failed(RunError {
                name: "record-too-large",
                message: format!("a record of {cost} bytes does not fit into the embedded cluster"),
                help: Some(format!("records of up to {LARGEST_RECORD} bytes fit; use real brokers for larger ones")),
                origin: None,
                class: ErrorClass::Configuration,
            }));
        }
        let mut waiting = None;
        loop {
            let mut failure = None;
            let room = window.send(cost, Duration::from_millis(if waiting.is_some() { 100 } else { 0 }), |offset| {
                let mut record = BaseRecord::with_opaque_to(name, index).partition(partition);
                record.key = key;
                record.payload = value;
                match producer.send::<[u8], [u8]>(record) {
                    Ok(()) => Some(offset),
                    Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => None,
                    Err((error, _)) => {
                        failure =
                            Some(bug("embedded-send", format!("a record of `{name}` could not be sent: {error}")));
                        None
                    }
                }
            });
            if let Some(error) = failure {
                shared.fail(error.clone());
                return Err(error.into());
            }
            match room {
                Room::Sent(offset) => return Ok(offset),
                Room::Stopped => {
                    shared.failed()?;
                    return Err(SendError::Stopped);
                }
                Room::Full => {
                    waiting.get_or_insert_with(|| Waiting::new(&shared.waiting));
                }
            }
        }
    }

    /// Waits until the cluster has everything that was sent.
    pub fn flush(&self) -> Result<(), RunError> {
        let shared = &self.inner.shared;
        // The client's own flush would hear reports on this thread too, beside the producer's: two of one partition could
        // then be taken for out of order.
        let deadline = Instant::now() + PATIENCE;
        for at in &shared.partitions {
            let target = at.window.marks().next;
            while at.window.marks().acknowledged < target {
                shared.failed()?;
                if Instant::now() > deadline {
                    return Err(bug("embedded-send", format!("{} does not acknowledge its records", shared.place(at))));
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        shared.failed()
    }

    /// The sink has everything of this partition below the offset: there is room again.
    pub fn committed(&self, topic: u16, partition: i32, next_offset: i64) {
        if let Some((_, window)) = self.inner.shared.window(topic, partition) {
            window.commit(next_offset);
        }
    }

    /// Where the next record of each partition would stand: the end of what was sent so far. Topic, partition, offset.
    pub fn end_offsets(&self) -> Vec<(u16, i32, i64)> {
        let partitions = self.inner.shared.partitions.iter();
        partitions.map(|at| (topic_index(at), at.partition, at.window.marks().next)).collect()
    }

    /// How many partitions a topic has.
    pub fn partitions(&self, topic: u16) -> u32 {
        self.inner.shared.topics.get(usize::from(topic)).map_or(0, |(_, count)| *count)
    }

    /// Somebody waits for room: an epoch that is committed now lets the loader go on.
    pub fn is_waiting(&self) -> bool {
        self.inner.shared.waiting.load(Ordering::Relaxed) > 0
    }

    /// Lets go of everybody who waits in [`send`](Self::send).
    pub fn stop(&self) {
        for at in &self.inner.shared.partitions {
            at.window.stop();
        }
    }

    /// At the end: everything that was sent was acknowledged and committed.
    pub fn verify_finished(&self) -> Result<(), RunError> {
        self.inner.shared.failed()?;
        for at in &self.inner.shared.partitions {
            let Marks { next, acknowledged, committed } = at.window.marks();
            if next != acknowledged || next != committed {
                let place = self.inner.shared.place(at);
                let message =
                    format!("{place} of the embedded cluster got {next} records, and {committed} were committed");
                return Err(would_lose("embedded-incomplete", message));
            }
        }
        Ok(())
    }
}

fn topic_index(at: &Partition) -> u16 {
    u16::try_from(at.topic).unwrap_or(u16::MAX)
}

/// Counts a sender that waits, for as long as it waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The only reader of an in-memory cluster: all partitions, from offset 0.
pub struct EmbeddedReader {
    // The queue goes before the consumer, the consumer before the cluster.
    queue: MessageQueue,
    consumer: Arc<BaseConsumer>,
    inner: Arc<Inner>,
    /// The offset expected next, as partitions are counted in `Shared`.
    expected: Vec<i64>,
    watched: Instant,
    config: ClientConfig,
}

impl EmbeddedReader {
    fn new(inner: Arc<Inner>, connection: &KafkaConnection) -> Result<Self, KafkaError> {
        let shared = &inner.shared;
        let mut config = client::config(connection, Purpose::EmbeddedReader, shared.partitions.len());
        config.set("group.id", "pipewright.embedded");
        let consumer: Arc<BaseConsumer> = Arc::new(config.create()?);
        let failed = || KafkaError::ClientCreation("no queue".to_string());
        let queue = MessageQueue::new(&consumer, shared.names.clone(), None).ok_or_else(failed)?;
        let mut assignment = TopicPartitionList::new();
        for at in &shared.partitions {
            let name = shared.names.get(at.topic).ok_or_else(failed)?;
            assignment.add_partition_offset(name, at.partition, Offset::Offset(0))?;
            if !queue.attach(&consumer, name, at.partition) {
                return Err(failed());
            }
        }
        if assignment.count() > 0 {
            consumer.assign(&assignment)?;
        }
        let expected = vec![0; shared.partitions.len()];
        Ok(Self { queue, consumer, expected, inner, watched: Instant::now(), config })
    }

    /// Takes up to `max` records; waits for the first up to `timeout`. An empty batch: none came.
    pub fn poll(&mut self, timeout: Duration, max: usize) -> Result<Batch, RunError> {
        let shared = self.inner.shared.clone();
        shared.failed()?;
        // Nothing but events comes here: partitions are led into our queue.
        if let Some(Err(error)) = self.consumer.poll(Duration::ZERO) {
            tracing::debug!(%error, "embedded cluster");
        }
        let batch = self.queue.take(max, timeout);
        if let Some(error) = batch.errors().first() {
            let message = format!("the embedded cluster cannot be read at offset {}: {}", error.offset, error.text);
            return Err(would_lose("embedded-lost", message));
        }
        for record in batch.iter() {
            let Some((index, _)) = shared.window(record.topic, record.partition) else {
                return Err(bug("embedded-partition", "a record of an unknown partition came".to_string()));
            };
            if let (Some(expected), Some(at)) = (self.expected.get_mut(index), shared.partitions.get(index)) {
                if *expected != record.offset {
                    let place = shared.place(at);
                    let message = format!(
                        "{place} of the embedded cluster gave offset {} where {expected} was due",
                        record.offset
                    );
                    return Err(would_lose("embedded-gap", message));
                }
                *expected += 1;
            }
        }
        if self.watched.elapsed() > WATCH {
            self.watch()?;
        }
        Ok(batch)
    }

    /// Nothing that is not committed may have been dropped.
    fn watch(&mut self) -> Result<(), RunError> {
        self.watched = Instant::now();
        let shared = &self.inner.shared;
        for at in &shared.partitions {
            let Marks { next, committed, .. } = at.window.marks();
            let Some(name) = shared.names.get(at.topic).filter(|_| next > committed) else { continue };
            let marks = self.consumer.fetch_watermarks(name, at.partition, PATIENCE);
            let (low, _) = marks
                .map_err(|error| bug("embedded-lost", format!("the embedded cluster does not answer: {error}")))?;
            if low > committed {
                let message = format!(
                    "{} of the embedded cluster begins at offset {low}, and {committed} is not yet committed",
                    shared.place(at)
                );
                return Err(would_lose("embedded-lost", message));
            }
        }
        Ok(())
    }

    /// The loader waits for room: an epoch that is committed now lets it go on.
    pub fn loader_waits(&self) -> bool {
        self.inner.shared.waiting.load(Ordering::Relaxed) > 0
    }

    /// The names of the topics in Kafka, in the order that records count them in.
    pub fn topics(&self) -> Arc<[String]> {
        self.inner.shared.names.clone()
    }

    /// The configuration that this reader was made with.
    pub fn client_config(&self) -> &ClientConfig {
        &self.config
    }
}
