//! What can go wrong with files, in words.

use std::io;
use std::path::Path;

use super::shape::Shape;
use super::values::Damage;
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

/// The name of an error about a file that was there a moment ago.
pub(super) const MOVED: &str = "file-moved";

pub(super) fn unreadable(file: &str, why: &io::Error) -> RunError {
    if why.kind() == io::ErrorKind::NotFound {
        let message = format!("{} was moved away again and again while it was to be read", shown(file));
        return error(MOVED, ErrorClass::Configuration, message, Some("run again when its folder rests".to_string()));
    }
    error("file-unreadable", ErrorClass::Configuration, format!("{} cannot be read: {why}", shown(file)), None)
}

/// The name of [`changed`].
pub(super) const CHANGED: &str = "file-changed";

/// A file is not what it was. What can be done about it is said here and nowhere else.
pub(super) fn changed(file: &str, why: &str) -> RunError {
    let help = match file {
        "-" => "give what was given before, or let the source begin anew: `pipewright positions reset FILE SOURCE`"
            .to_string(),
        _ => format!(
            "`pipewright positions reset FILE SOURCE --file '{file}'` reads it from its beginning as a new file, and \
             `pipewright positions set FILE SOURCE --file '{file}' --skip` takes it as read; `changed = read` or \
             `changed = skip` at the source does so without asking"
        ),
    };
    error(CHANGED, ErrorClass::WouldLose, format!("{} {why}", shown(file)), Some(help))
}

pub(super) fn other_input(file: &str) -> RunError {
    error(
        CHANGED,
        ErrorClass::WouldLose,
        format!("{} was read before, and now the standard input is to be", shown(file)),
        Some("let the source begin anew: `pipewright positions reset FILE SOURCE`".to_string()),
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

/// Read as it is said, every record would be bad.
pub(super) fn other_shape(file: &str, shape: Shape) -> RunError {
    let (is, format) = match shape {
        Shape::Array => ("is one JSON array, not one object a line", "array"),
        Shape::Values => ("holds JSON objects over several lines, not one a line", "values"),
    };
    let help = format!("`format = json(framing = {format})` reads it");
    error("file-shape", ErrorClass::Policy, format!("{} {is}", shown(file)), Some(help))
}

/// JSON values whose ends nobody can find.
pub(super) fn broken(file: &str, line: u64, damage: Damage) -> RunError {
    let what = match damage {
        Damage::NoArray | Damage::OpenArray => format!("{} {}", shown(file), damage.words()),
        Damage::OpenValue | Damage::OpenString | Damage::Bracket => {
            format!("the JSON value that begins at line {line} of {} {}", shown(file), damage.words())
        }
        Damage::NoComma => format!("the element at line {line} of {} {}", shown(file), damage.words()),
        Damage::NoElement => format!("an element at line {line} of {} {}", shown(file), damage.words()),
        Damage::Behind => format!("the text at line {line} of {} {}", shown(file), damage.words()),
    };
    let help = match damage {
        Damage::NoArray => "`framing = values` reads values one after the other, `framing = lines` one a line",
        Damage::OpenArray | Damage::OpenValue => {
            "write the rest of the file, then run again: it goes on behind what was read"
        }
        Damage::OpenString | Damage::Bracket | Damage::NoComma | Damage::NoElement | Damage::Behind => {
            "mend the file there, then run again: it goes on behind what was read"
        }
    };
    error("file-damaged", ErrorClass::WouldLose, what, Some(help.to_string()))
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
