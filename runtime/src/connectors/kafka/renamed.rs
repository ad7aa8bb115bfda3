//! The cursor of a source whose program was renamed (`was = …`): it moves to the new name in the first transaction, once.
//!
//! Invariant: under the old name stays a note that it has moved, so that a program that still has it stops instead of
//! beginning anew.

use rdkafka::producer::{DefaultProducerContext, ThreadedProducer};
use serde::{Deserialize, Serialize};

use super::admin::invalid_client;
use super::client::{self, Purpose};
use super::cursor::{cursor_key, read_cursor};
use super::errors::{ErrorKind, ReaderError};
use super::ingest::init;
use super::spec::KafkaConnection;
use crate::report::ErrorClass;

/// What stays under the old name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moved {
    moved_to: String,
}

/// The note under the old name.
pub(super) fn moved_to(program: &str) -> String {
    // One field of text: this cannot fail.
    serde_json::to_string(&Moved { moved_to: program.to_string() }).unwrap_or_default()
}

/// Whether this is that note, and no cursor.
pub(super) fn has_moved(text: &str) -> bool {
    note(text).is_some()
}

fn note(text: &str) -> Option<Moved> {
    serde_json::from_str(text).ok()
}

fn refused(name: &'static str, message: String, help: &str) -> ReaderError {
    let class = ErrorKind::Fatal(ErrorClass::WouldLose);
    ReaderError { name, message, help: Some(help.to_string()), class }
}

/// A program's own cursor, unless it has gone to another name.
pub(super) fn stored(cursor: Option<String>, program: &str, was: Option<&str>) -> Result<Option<String>, ReaderError> {
    match cursor.as_deref().and_then(note) {
        None => Ok(cursor),
        // Renamed, and renamed back.
        Some(Moved { moved_to }) if was == Some(moved_to.as_str()) => Ok(None),
        Some(Moved { moved_to }) => Err(refused(
            "positions-gone",
            format!("the positions of the sources of `{program}` have gone to `{moved_to}`, its new name"),
            "run the program under its new name",
        )),
    }
}

/// The cursor under the old name, after whoever has it is shut out.
pub(super) fn old_cursor(
    connection: &KafkaConnection,
    connection_name: &str,
    was: &str,
    source: &str,
) -> Result<Option<String>, ReaderError> {
    let key = cursor_key(was, source);
    // Most often it has moved long ago: then there is nobody to shut out.
    let there = |cursor: &String| note(cursor).is_none();
    if read_cursor(connection, &key)?.filter(there).is_none() {
        return Ok(None);
    }
    let mut settings = client::config(connection, Purpose::Writer, 1);
    settings.set("transactional.id", format!("{was}.source.{source}"));
    let producer: ThreadedProducer<DefaultProducerContext> = settings.create().map_err(|error| {
        let error = invalid_client(connection_name, &error);
        ReaderError { name: error.name, message: error.message, help: error.help, class: ErrorKind::Fatal(error.class) }
    })?;
    init(&producer, source)?;
    Ok(read_cursor(connection, &key)?.filter(there))
}

/// The one that holds.
pub(super) fn choose(
    own: Option<String>,
    old: Option<String>,
    program: &str,
    was: &str,
    source: &str,
) -> Result<Option<String>, ReaderError> {
    match (own, old) {
        (Some(_), Some(_)) => Err(refused(
            "stored-under-both-names",
            format!(
                "positions of the source `{source}` are stored for `{program}` and for `{was}`, which it is said to have been"
            ),
            "if the program goes on under its new name, take `was` out of its `pipeline` block",
        )),
        (own, old) => Ok(own.or(old)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_moved_is_no_cursor() {
        assert_eq!(stored(Some("{}".into()), "shop", None).unwrap(), Some("{}".into()));
        let error = stored(Some(moved_to("store")), "shop", Some("old")).unwrap_err();
        assert_eq!(stored(Some(moved_to("store")), "shop", Some("store")).unwrap(), None);
        assert_eq!(error.message, "the positions of the sources of `shop` have gone to `store`, its new name");
    }

    #[test]
    fn two_cursors_are_refused() {
        let one = || Some("a".to_string());
        assert_eq!(choose(None, one(), "new", "old", "s").unwrap(), one());
        assert_eq!(choose(one(), None, "new", "old", "s").unwrap(), one());
        assert_eq!(choose(one(), one(), "new", "old", "s").unwrap_err().name, "stored-under-both-names");
    }
}
