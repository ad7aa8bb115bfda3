//! Reading a stretch of one partition again, from an offset to its end: what came after a record.
//!
//! A consumer of its own, with explicit positions and outside of every group. Invariant: only what is committed is read, and the end
//! is the last stable offset, so that no open transaction is waited for.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::client::{self, Purpose};
use super::errors::ReaderError;
use super::farewell;
use super::originals::original;
use super::spec::KafkaConnection;
use crate::record::Original;
use crate::report::RunError;

/// How long one question may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the next record may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads partitions of one topic.
pub struct Scanner {
    consumer: BaseConsumer,
    topic: String,
}

impl Scanner {
    /// For a topic of that cluster.
    pub fn new(connection: &KafkaConnection, topic: &str) -> Result<Self, RunError> {
        let mut config: ClientConfig = client::config(connection, Purpose::Reader, 1);
        // Never joined; the client wants a name for explicit assignments.
        config.set("group.id", "pipewright.scan");
        let consumer = config.create().map_err(|error| failed(topic, &error))?;
        Ok(Self { consumer, topic: topic.to_string() })
    }

    /// The first offset of a partition, and the one behind the last committed record.
    pub fn ends(&self, partition: i32) -> Result<(i64, i64), RunError> {
        let ends = self.consumer.fetch_watermarks(&self.topic, partition, ANSWER);
        ends.map_err(|error| failed(&self.topic, &error).into())
    }

    /// Hands over all records from an offset up to an end that [`ends`](Self::ends) gave.
    pub fn read(
        &self,
        partition: i32,
        from: i64,
        end: i64,
        each: &mut dyn FnMut(i64, Original) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let failed = |error| failed(&self.topic, &error);
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, partition, Offset::Offset(from)).map_err(failed)?;
        self.consumer.assign(&list).map_err(failed)?;
        let (mut at, mut until) = (from, Instant::now() + PATIENCE);
        while at < end {
            if Instant::now() > until {
                let message = format!("`{}` cannot be read up to its end: no answer from Kafka", self.topic);
                return Err(ReaderError::retry("scan-blocked", message).into());
            }
            match self.consumer.poll(Duration::from_millis(20)) {
                Some(Ok(message)) => {
                    until = Instant::now() + PATIENCE;
                    let offset = message.offset();
                    if message.partition() == partition && (at..end).contains(&offset) {
                        each(offset, original(&message))?;
                        at = offset + 1;
                    } else if offset >= end {
                        break;
                    }
                }
                Some(Err(error)) => {
                    let error = failed(error);
                    if error.is_fatal() {
                        return Err(error.into());
                    }
                }
                // Markers of transactions are no records, but the client moves past them.
                None => {
                    let positions = self.consumer.position().map_err(failed)?;
                    let passed = positions.find_partition(&self.topic, partition).map(|it| it.offset());
                    if let Some(Offset::Offset(passed)) = passed {
                        at = at.max(passed);
                    }
                }
            }
        }
        Ok(self.consumer.unassign().map_err(failed)?)
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        farewell::close(&self.consumer);
    }
}

fn failed(topic: &str, error: &rdkafka::error::KafkaError) -> ReaderError {
    ReaderError::of(&format!("`{topic}` cannot be read again"), error)
}
