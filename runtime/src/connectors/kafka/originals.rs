//! Reading single records once more: the rare path of a row that the database refuses after its record is gone.
//!
//! A consumer of its own, with explicit positions and outside of every group. Isolation is off: the offset is known to be
//! that of a committed record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::admin::invalid_client;
use super::answers::LEAST;
use super::client;
use super::errors::{is_away, plain};
use super::spec::KafkaConnection;
use crate::record::{Original, RecordId};
use crate::report::RunError;
use crate::sinks::Originals;

/// How long one record may take before the transaction is given up, and tried again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fetches single records of a stage's topics. The client is made when it is first needed.
pub struct KafkaOriginals {
    config: ClientConfig,
    topics: Vec<String>,
    consumer: Mutex<Option<Arc<BaseConsumer>>>,
}

impl KafkaOriginals {
    /// For topics of a cluster, in the order of the stage.
    pub fn new(connection: &KafkaConnection, name: &str, group: &str, topics: Vec<String>) -> Result<Self, RunError> {
        let mut config = client::fetching(connection, 1, LEAST);
        // Never joined; the client wants a name for explicit assignments.
        config.set("group.id", format!("{group}.originals"));
        config.create_native_config().map_err(|error| invalid_client(name, &error))?;
        Ok(Self::with_config(config, topics))
    }

    /// For the in-memory cluster of embedded mode.
    pub fn embedded(reader: &super::embedded::EmbeddedReader) -> Self {
        let mut config = reader.client_config().clone();
        config.set("fetch.message.max.bytes", "65536");
        Self::with_config(config, reader.topics().to_vec())
    }

    fn with_config(mut config: ClientConfig, topics: Vec<String>) -> Self {
        config.set("isolation.level", "read_uncommitted");
        // One record at a time: nothing is worth fetching ahead.
        config.set("queued.min.messages", "1");
        Self { config, topics, consumer: Mutex::new(None) }
    }
}

impl Originals for KafkaOriginals {
    fn fetch(&self, at: RecordId) -> Result<Option<Original>, String> {
        let Some(topic) = self.topics.get(usize::from(at.topic)) else { return Ok(None) };
        let mut kept = self.consumer.lock();
        let consumer = match &*kept {
            Some(consumer) => Arc::clone(consumer),
            None => Arc::clone(kept.insert(Arc::new(self.config.create().map_err(|error| unanswered(&error))?))),
        };
        let found = read(&consumer, topic, at);
        if consumer.unassign().is_err() {
            *kept = None;
        }
        match found {
            Ok(found) => Ok(found),
            Err(error) if error.rdkafka_error_code().is_some_and(is_away) => Err(unanswered(&error)),
            // Out of retention, or the topic is gone.
            Err(_) => Ok(None),
        }
    }
}

fn unanswered(error: &KafkaError) -> String {
    let why = error.rdkafka_error_code().map_or_else(|| error.to_string(), plain);
    format!("Kafka does not give a record again that the database refuses: {why}")
}

fn read(consumer: &BaseConsumer, topic: &str, at: RecordId) -> Result<Option<Original>, KafkaError> {
    let (low, high) = consumer.fetch_watermarks(topic, at.partition, PATIENCE)?;
    if at.offset < low || at.offset >= high {
        return Ok(None);
    }
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, at.partition, Offset::Offset(at.offset))?;
    consumer.assign(&list)?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match consumer.poll(Duration::from_millis(100)) {
            None => {}
            // What says that brokers are away passes, or ends with our patience.
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(is_away) => {}
            Some(Err(error)) => return Err(error),
            Some(Ok(message)) if (message.topic(), message.partition()) != (topic, at.partition) => {}
            Some(Ok(message)) => return Ok((message.offset() == at.offset).then(|| original(&message))),
        }
    }
    Err(KafkaError::MessageConsumption(Code::OperationTimedOut))
}

/// A record, copied.
pub(super) fn original(message: &impl Message) -> Original {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|it| (it.key.to_string(), it.value.map(<[u8]>::to_vec))).collect()
    });
    Original {
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
        timestamp: message.timestamp().to_millis().map(|it| it.saturating_mul(1000)),
    }
}
