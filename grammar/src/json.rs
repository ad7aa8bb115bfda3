//! JSON in programs: a row of a test that is a JSON object is a record as it stands, so nothing in it may be laid out anew.

/// True for the text of one JSON object, whatever is in it.
pub fn is_json_object(text: &str) -> bool {
    text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
