//! What can go wrong with files, in words.

use std::io;
use std::path::Path;

use crate::report::{ErrorClass, RunError};

fn error(name: &'static str, class: ErrorClass, message: String, help: Option<String>) -> RunError {
    RunError { name, message, help, origin: None, class }
}

/// How a file is called in messages.
pub(super) fn shown(file: &str) -> String {
    if file == "-" { "the standard input".to_string() } else { format!("`{file}`") }
}

pub(super) fn bad_option(message: String, help: Option<String>) -> RunError {
    error("bad-option", ErrorClass::Configuration, message, help)
}

pub(super) fn not_found(what: String, help: Option<String>) -> RunError {
    error("file-not-found", ErrorClass::Configuration, what, help)
}

pub(super) fn outside(file: &Path) -> RunError {
    error(
        "file-outside-root",
        ErrorClass::Configuration,
        format!("`{}` is a link that leads out of `root`", file.display()),
        Some("set `root` of the connection to a folder that holds both".to_string()),
    )
}

pub(super) fn unreadable(file: &str, why: &io::Error) -> RunError {
    error("file-unreadable", ErrorClass::Configuration, format!("{} cannot be read: {why}", shown(file)), None)
}

pub(super) fn changed(file: &str, why: &str) -> RunError {
    error(
        "file-changed",
        ErrorClass::WouldLose,
        format!("{} {why}", shown(file)),
        Some("put new records into new files; to read all again, start from the beginning".to_string()),
    )
}

pub(super) fn other_input(file: &str) -> RunError {
    error(
        "file-changed",
        ErrorClass::WouldLose,
        format!("{} was read before, and now the standard input is to be", shown(file)),
        Some("give the source another name, or start from the beginning".to_string()),
    )
}

pub(super) fn truncated(file: &str, records: u64) -> RunError {
    error(
        "file-truncated",
        ErrorClass::WouldLose,
        format!("{} is cut off after {records} records; nothing after them is known", shown(file)),
        Some("copy the file again, then run again: it goes on behind these records".to_string()),
    )
}

pub(super) fn damaged(file: &str, records: u64, why: &io::Error) -> RunError {
    error(
        "file-damaged",
        ErrorClass::WouldLose,
        format!("{} cannot be unpacked after {records} records: {why}", shown(file)),
        Some("copy the file again, then run again: it goes on behind these records".to_string()),
    )
}

pub(super) fn too_large(file: &str, line: u64) -> RunError {
    error(
        "record-too-large",
        ErrorClass::Configuration,
        format!("the record at line {line} of {} is larger than 16 MiB", shown(file)),
        Some("is `format` right, and every quote closed?".to_string()),
    )
}

pub(super) fn bad_header(file: &str, line: u64, why: &str) -> RunError {
    error(
        "header-unreadable",
        ErrorClass::Configuration,
        format!("the header of {}, line {line}, cannot be read: {why}", shown(file)),
        Some("a quoted name ends with its closing quote, right before the delimiter: mend that line".to_string()),
    )
}

pub(super) fn header_differs(file: &str, first: &str) -> RunError {
    error(
        "header-differs",
        ErrorClass::Configuration,
        format!("{} has other columns than {}", shown(file), shown(first)),
        Some("read them with two sources".to_string()),
    )
}

pub(super) fn unreadable_cursor(why: &str) -> RunError {
    error("bad-cursor", ErrorClass::Bug, format!("the stored position of the files cannot be read: {why}"), None)
}
