//! Dead letters of sources: read back from the topic that holds them, and marks of those that were sent through again.
//!
//! A letter is one by its id, which is the message key: what was written last holds. Invariant: what is read was committed.

use std::collections::BTreeMap;
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

/// Letters by their ids.
pub type Letters = BTreeMap<String, StoredLetter>;

/// The id of a letter: the same record gives the same one in every run.
pub fn id(source: &str, partition: i32, offset: i64, ordinal: i32) -> String {
    format!("{source}/{partition}/{offset}/{ordinal}")
}

/// Adds what lies in such a topic to the letters that are known.
pub fn read(connection: &KafkaConnection, topic: &str, now: &TopicNow, letters: &mut Letters) -> Result<(), RunError> {
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
                if let Some(payload) = message.payload() {
                    hear(payload, when, letters);
                }
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
    Ok(())
}

/// A letter, or a mark of one that was dealt with.
fn hear(json: &[u8], when: Option<i64>, letters: &mut Letters) {
    let Some(json) = serde_json::from_slice::<Value>(json).ok() else { return };
    let Some(id) = json.get("id").and_then(Value::as_str) else { return };
    if json.get("replayed").and_then(Value::as_bool) == Some(true) {
        if let Some(known) = letters.get_mut(id) {
            known.replayed_at = when.map(iso);
        }
        return;
    }
    let Some(letter) = letter(&json, when) else { return };
    match letters.get_mut(id) {
        // Refused again, for another reason.
        Some(known) => *known = StoredLetter { created_at: known.created_at.clone(), ..letter },
        None => drop(letters.insert(id.to_string(), letter)),
    }
}

/// What marks a letter that was dealt with.
pub(super) fn mark_json(program: &str, id: &str) -> Value {
    serde_json::json!({ "program": program, "id": id, "replayed": true })
}

/// A letter as a source writes it, once more.
pub(super) fn again_json(program: &str, id: &str, it: &StoredLetter) -> Value {
    let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|it| STANDARD.encode(it));
    let headers: BTreeMap<&str, Option<String>> =
        it.headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    serde_json::json!({
        "program": program, "source": it.topic, "id": id, "ordinal": it.ordinal, "node": it.node, "step": it.step,
        "place": it.place, "name": it.name, "reason": it.reason, "stale_key": it.stale_key, "key": text(&it.key),
        "value": text(&it.value), "headers": it.kept.then_some(headers), "timestamp_us": null,
    })
}

/// A letter as a source writes it; none: something else lies in the topic.
fn letter(json: &Value, when: Option<i64>) -> Option<StoredLetter> {
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
        let mut letters = Letters::new();
        hear(json, Some(0), &mut letters);
        let letter = letters.get("s/0/28/1").cloned().unwrap();
        assert_eq!((letter.topic.as_str(), letter.partition, letter.offset, letter.ordinal), ("s", 0, 28, 1));
        assert_eq!(
            (letter.value.clone(), letter.headers.clone()),
            (Some(b"x".to_vec()), vec![("file".to_string(), Some(b"a".to_vec()))])
        );
        assert_eq!(letter.created_at, "1970-01-01T00:00:00.000000Z");
        hear(b"something else", None, &mut letters);
        // Refused again, and then taken.
        let again = again_json("p", "s/0/28/1", &StoredLetter { reason: "never".into(), ..letter.clone() });
        hear(again.to_string().as_bytes(), Some(1_000_000), &mut letters);
        assert_eq!(letters.get("s/0/28/1"), Some(&StoredLetter { reason: "never".into(), ..letter.clone() }));
        hear(mark_json("p", "s/0/28/1").to_string().as_bytes(), Some(1_000_000), &mut letters);
        let mark = letters.get("s/0/28/1").and_then(|it| it.replayed_at.clone());
        assert_eq!((letters.len(), mark.as_deref()), (1, Some("1970-01-01T00:00:01.000000Z")));
    }
}
