//! Dead letters of sources: read back from the topic that holds them, for people.
//!
//! Invariant: what is read was committed; a letter that was written twice, because its file was read twice, is one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;

use super::client::{self, Purpose};
use super::errors::ReaderError;
use super::farewell;
use super::positions::TopicNow;
use super::spec::KafkaConnection;
use crate::report::RunError;
use crate::sinks::dead_letters::StoredLetter;

/// How long the next letter may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// All letters of such a topic, in the order of its partitions.
pub fn read(connection: &KafkaConnection, topic: &str, now: &TopicNow) -> Result<Vec<StoredLetter>, RunError> {
    let failed = |error| ReaderError::of(&format!("the dead letters in `{topic}` cannot be read"), &error);
    let mut list = TopicPartitionList::new();
    let mut open: BTreeMap<i32, i64> = BTreeMap::new();
    for (partition, (low, high)) in (0..).zip(&now.ends).filter(|(_, (low, high))| low < high) {
        list.add_partition_offset(topic, partition, Offset::Offset(*low)).map_err(failed)?;
        open.insert(partition, *high);
    }
    let mut config: ClientConfig = client::config(connection, Purpose::Reader, open.len());
    // Never joined; the client wants a name for explicit assignments.
    config.set("group.id", "pipewright.letters");
    let consumer: BaseConsumer = config.create().map_err(failed)?;
    consumer.assign(&list).map_err(failed)?;
    let (mut letters, mut seen) = (Vec::new(), BTreeSet::new());
    let mut until = Instant::now() + PATIENCE;
    while !open.is_empty() {
        if Instant::now() > until {
            let message = format!("the dead letters in `{topic}` cannot be read to their end: a transaction is open");
            return Err(ReaderError::retry("letters-blocked", message).into());
        }
        match consumer.poll(Duration::from_millis(20)) {
            Some(Ok(message)) => {
                until = Instant::now() + PATIENCE;
                let when = message.timestamp().to_millis().map(|it| it * 1000);
                let letter = message.payload().and_then(|it| letter(it, when));
                letters
                    .extend(letter.filter(|it| seen.insert((it.topic.clone(), it.partition, it.offset, it.ordinal))));
                if open.get(&message.partition()).is_some_and(|end| message.offset() + 1 >= *end) {
                    open.remove(&message.partition());
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
                let positions = consumer.position().map_err(failed)?;
                open.retain(|partition, end| {
                    let at = positions.find_partition(topic, *partition).map(|it| it.offset());
                    !matches!(at, Some(Offset::Offset(at)) if at >= *end)
                });
            }
        }
    }
    farewell::close(&consumer);
    Ok(letters)
}

/// A letter as a source writes it; none: something else lies in the topic.
fn letter(json: &[u8], when: Option<i64>) -> Option<StoredLetter> {
    let json: Value = serde_json::from_slice(json).ok()?;
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_string);
    let bytes = |value: &Value| value.as_str().and_then(|it| STANDARD.decode(it).ok());
    // `<source>/<partition>/<offset>/<ordinal>`
    let id = text("id")?;
    let mut parts = id.rsplitn(4, '/');
    let ordinal = parts.next()?.parse().ok()?;
    let offset = parts.next()?.parse().ok()?;
    let partition = parts.next()?.parse().ok()?;
    let kept = json.get("headers").is_some_and(Value::is_object);
    let headers = json.get("headers").and_then(Value::as_object);
    let headers = headers.into_iter().flatten().map(|(name, value)| (name.clone(), bytes(value)));
    Some(StoredLetter {
        stage: String::new(),
        topic_id: String::new(),
        topic: parts.next()?.to_string(),
        partition,
        offset,
        ordinal,
        kept,
        key: json.get("key").and_then(bytes),
        value: json.get("value").and_then(bytes),
        headers: headers.collect(),
        record_time: json.get("timestamp_us").and_then(Value::as_i64).map(iso),
        node: text("node")?,
        step: text("step"),
        place: text("place")?,
        name: text("name")?,
        reason: text("reason")?,
        stale_key: json.get("stale_key").and_then(Value::as_bool).unwrap_or(false),
        created_at: when.map(iso).unwrap_or_default(),
        replayed_at: None,
    })
}

fn iso(us: i64) -> String {
    crate::connectors::sqlite::timestamp(us)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_what_was_written() {
        let json = br#"{"id":"s/0/28/1","node":"s","step":null,"place":"a.pipe:3","name":"undecodable","reason":"no","value":"eA==",
                        "key":null,"headers":{"file":"YQ=="},"timestamp_us":null,"stale_key":false}"#;
        let letter = letter(json, Some(0)).unwrap();
        assert_eq!((letter.topic.as_str(), letter.partition, letter.offset, letter.ordinal), ("s", 0, 28, 1));
        assert_eq!(
            (letter.value, letter.headers),
            (Some(b"x".to_vec()), vec![("file".to_string(), Some(b"a".to_vec()))])
        );
        assert_eq!(letter.created_at, "1970-01-01T00:00:00.000000Z");
        assert!(super::letter(b"something else", None).is_none());
    }
}
