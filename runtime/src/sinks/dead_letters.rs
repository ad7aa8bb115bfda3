//! Dead letters as they are stored, for people to look at.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Which letters are wanted; `None` is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// The stage.
    pub stage: Option<String>,
    /// The node that refused the record.
    pub node: Option<String>,
    /// The name of the reason: `undecodable`, ….
    pub name: Option<String>,
    /// The topic.
    pub topic: Option<String>,
    /// The partition.
    pub partition: Option<i32>,
    /// The offset.
    pub offset: Option<i64>,
    /// Only those that nobody has dealt with.
    pub open: bool,
    /// How many at most.
    pub limit: Option<u32>,
}

/// A dead letter as it is stored. Times are ISO text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredLetter {
    /// The stage.
    pub stage: String,
    /// The topic in Kafka.
    pub topic: String,
    /// The id of the topic that the offset counts in; empty: it was not known.
    pub topic_id: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Counts the letters of one record.
    pub ordinal: i32,
    /// The bytes of the record are kept. What has no value then is a tombstone.
    pub kept: bool,
    /// The message key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Kafka's record time.
    pub record_time: Option<String>,
    /// The node that refused it.
    pub node: String,
    /// The step, if one did.
    pub step: Option<String>,
    /// `file:line`
    pub place: String,
    /// The name of the reason.
    pub name: String,
    /// The reason.
    pub reason: String,
    /// The last good version of its row stays.
    pub stale_key: bool,
    /// When it was stored.
    pub created_at: String,
    /// When it was sent through again.
    pub replayed_at: Option<String>,
}

/// `[{"name": "x", "text": "abc"}]`; what is no text stands under `base64`, null under neither.
pub(crate) fn headers_to_json(headers: &[(String, Option<Vec<u8>>)]) -> String {
    let entries = headers.iter().map(|(name, value)| match value {
        None => json!({ "name": name }),
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => json!({ "name": name, "text": text }),
            Err(_) => json!({ "name": name, "base64": STANDARD.encode(bytes) }),
        },
    });
    Value::Array(entries.collect()).to_string()
}

/// The inverse of [`headers_to_json`].
pub(crate) fn headers_from_json(json: &str) -> Vec<(String, Option<Vec<u8>>)> {
    let Ok(Value::Array(entries)) = serde_json::from_str(json) else { return Vec::new() };
    let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_string);
    entries
        .iter()
        .map(|entry| {
            let value = match (text(entry, "text"), text(entry, "base64")) {
                (Some(text), _) => Some(text.into_bytes()),
                (None, Some(text)) => STANDARD.decode(text).ok(),
                (None, None) => None,
            };
            (text(entry, "name").unwrap_or_default(), value)
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back() {
        let headers = vec![
            ("trace".to_string(), Some(b"a\0b".to_vec())),
            ("trace".to_string(), Some(vec![0xff, 0])),
            ("none".to_string(), None),
            ("empty".to_string(), Some(Vec::new())),
        ];
        assert_eq!(headers_from_json(&headers_to_json(&headers)), headers);
    }
}
