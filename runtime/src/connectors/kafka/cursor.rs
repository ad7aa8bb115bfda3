//! Stored cursors of sources: a compacted topic of the cluster, written in the transactions of the records.
//!
//! Knows what a cursor is called, not what it means; beside the cursors the topic holds what [`super::ownership`] writes. Invariant: the newest committed cursor is found, even while other
//! programs have transactions open on the same topic.

use std::time::{Duration, Instant};

use pipewright_plan::Cleanup;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::admin::TopicNeed;
use super::client::{self, Purpose};
use super::errors::ReaderError;
use super::farewell;
use super::native::offsets::{self, Open};
use super::spec::KafkaConnection;

/// The topic of all programs' cursors.
pub const POSITIONS: &str = "pipewright.positions";

/// How long one question may take.
const ANSWER: Duration = Duration::from_secs(10);
/// Longer than any transaction of another program can stay open.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the topic of cursors must look like: one partition, so that its order is the order of the transactions.
pub fn positions_topic() -> TopicNeed {
    TopicNeed {
        name: POSITIONS.to_string(),
        owned: true,
        partitions: Some(1),
        replication: None,
        cleanup: Cleanup::Compact,
        retention_ms: None,
        // It is read from its beginning at every start, and with the broker's gigabyte nothing of it would ever be compacted.
        segment_bytes: Some(4 << 20),
    }
}

/// The key of a source's cursor.
pub fn cursor_key(program: &str, source: &str) -> String {
    format!("{program}/{source}")
}

/// The newest committed cursor of this key. To be called after the writer's `init_transactions`: no transaction of its own
/// is open any more.
pub fn read_cursor(connection: &KafkaConnection, key: &str) -> Result<Option<String>, ReaderError> {
    let mut cursor = None;
    read_all(connection, &mut |found, value| {
        if found == key.as_bytes() {
            cursor = value.map(|it| String::from_utf8_lossy(it).into_owned());
        }
    })?;
    Ok(cursor)
}

/// What takes a key and a value.
type Each<'a> = &'a mut dyn FnMut(&[u8], Option<&[u8]>);

/// All that is committed, in order: keys and values. To be called as above.
pub(super) fn read_all(connection: &KafkaConnection, each: Each<'_>) -> Result<(), ReaderError> {
    let failed = |error| ReaderError::of("stored positions of sources cannot be read", &error);
    let mut config: ClientConfig = client::config(connection, Purpose::Reader, 1);
    // Never joined; the client wants a name for explicit assignments.
    config.set("group.id", "pipewright.cursor");
    let consumer: BaseConsumer = config.create().map_err(failed)?;
    let (start, _) = consumer.fetch_watermarks(POSITIONS, 0, ANSWER).map_err(failed)?;
    // The end as it is, with what is in open transactions: only behind it everything committed is known.
    let ends = offsets::ends(consumer.client(), &[(POSITIONS, 0)], Open::Before, ANSWER);
    let end = ends.map_err(|code| failed(KafkaError::MetadataFetch(code)))?.into_iter().next().unwrap_or(start);
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(POSITIONS, 0, Offset::Offset(start)).map_err(failed)?;
    consumer.assign(&list).map_err(failed)?;
    let mut position = start;
    let deadline = Instant::now() + PATIENCE;
    while position < end {
        if Instant::now() > deadline {
            let message = "stored positions of sources cannot be read: a transaction of another program does not end";
            return Err(ReaderError::retry("positions-blocked", message));
        }
        match consumer.poll(Duration::from_millis(20)) {
            Some(Ok(message)) => {
                position = position.max(message.offset() + 1);
                each(message.key().unwrap_or_default(), message.payload());
            }
            Some(Err(error)) => {
                let error = ReaderError::of("stored positions of sources cannot be read", &error);
                if error.is_fatal() {
                    return Err(error);
                }
            }
            // Markers of transactions are no records, but the client moves past them.
            None => {
                let positions = consumer.position().map_err(failed)?;
                if let Some(Offset::Offset(passed)) = positions.find_partition(POSITIONS, 0).map(|it| it.offset()) {
                    position = position.max(passed);
                }
            }
        }
    }
    farewell::close(&consumer);
    Ok(())
}
