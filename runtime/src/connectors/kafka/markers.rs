//! What lies between a position and the end of a partition: records, or only the markers that transactions leave behind.
//!
//! Best effort, for people: what is not known in time counts as records.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::client::{self, Purpose};
use super::farewell;
use super::spec::KafkaConnection;

/// Larger gaps hold records.
const GAP: i64 = 1_000;
/// How long is looked.
const LOOK: Duration = Duration::from_secs(3);

/// The partitions of `gaps` (partition, position, end) whose gap holds no record.
pub fn only_markers(connection: &KafkaConnection, topic: &str, gaps: &[(i32, i64, i64)]) -> Vec<i32> {
    let mut open: BTreeMap<i32, i64> = BTreeMap::new();
    let mut list = TopicPartitionList::new();
    for (partition, at, end) in gaps.iter().filter(|(_, at, end)| at < end && end - at <= GAP) {
        if list.add_partition_offset(topic, *partition, Offset::Offset(*at)).is_ok() {
            open.insert(*partition, *end);
        }
    }
    let mut config: ClientConfig = client::config(connection, Purpose::Reader, open.len());
    // Never joined; the client wants a name for explicit assignments.
    config.set("group.id", "pipewright.positions");
    let mut empty = Vec::new();
    let Ok(consumer) = config.create::<BaseConsumer>() else { return empty };
    if open.is_empty() || consumer.assign(&list).is_err() {
        return empty;
    }
    let until = Instant::now() + LOOK;
    while !open.is_empty() && Instant::now() < until {
        match consumer.poll(Duration::from_millis(20)) {
            Some(Ok(message)) => drop(open.remove(&message.partition())),
            Some(Err(_)) => {}
            // Markers are no records, but the client moves past them.
            None => {
                let Ok(positions) = consumer.position() else { continue };
                open.retain(|partition, end| {
                    let at = positions.find_partition(topic, *partition).map(|it| it.offset());
                    let passed = matches!(at, Some(Offset::Offset(at)) if at >= *end);
                    if passed {
                        empty.push(*partition);
                    }
                    !passed
                });
            }
        }
    }
    farewell::close(&consumer);
    empty
}
