//! What the language may say of files.

use std::path::{Component, Path};

use pipewright_plan::{ConnectorSpec, OptionProblem, OptionType, OptionValue, Options, Role, TypedOptions, options};

options! {
    /// Where files lie.
    pub struct FilesConnection {
        /// The folder; nothing outside it is read. Relative to the folder the program is run in.
        root: String, OptionType::String, default "\".\"" = ".".to_string();
    }
}

options! {
    /// Which files are read.
    pub struct FilesSource {
        /// A path below `root`, or a pattern: `orders/2026-*.jsonl`, `**/*.csv.gz`. Files are read in the order of their
        /// names; `.gz` and `.zst` are unpacked. `-` is the standard input.
        path: String, OptionType::String, required;
        /// What becomes of a file that was read and is not what it was: cut off and written anew, replaced, or gone before
        /// its end. `stop` ends the run, `read` reads it from its beginning as a new file, `skip` takes what it holds as read.
        /// A file that was renamed, or packed since, is known if `path` finds it under its new name, and is not read again.
        changed: String, OptionType::Choice(&["stop", "read", "skip"]), default "stop" = "stop".to_string();
    }
}

/// What becomes of a file that is not what it was.
#[cfg(feature = "engine")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenChanged {
    /// The run ends.
    Stop,
    /// It is a new file.
    Read,
    /// It was read.
    Skip,
}

#[cfg(feature = "engine")]
impl FilesSource {
    pub(super) fn when_changed(&self) -> WhenChanged {
        match self.changed.as_str() {
            "read" => WhenChanged::Read,
            "skip" => WhenChanged::Skip,
            _ => WhenChanged::Stop,
        }
    }
}

/// Files.
pub const SPEC: ConnectorSpec = ConnectorSpec {
    name: "files",
    doc: "Files of a folder, each read once from the first to the last byte. A run without `--until-end` on a real Kafka goes on with new files and appended lines.",
    role: Role::Input,
    connection: FilesConnection::SPEC,
    source: Some(FilesSource::SPEC),
    bounded: true,
    sink: None,
    column: |_| Err("files are only read".to_string()),
    validate,
};

fn validate(options: &Options) -> Vec<OptionProblem> {
    match options.get("path") {
        Some(OptionValue::String(path)) => check_path(path).err().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Refuses what could only lead out of `root`.
pub(super) fn check_path(path: &str) -> Result<(), OptionProblem> {
    let complain = |message: String, help: &str| {
        Err(OptionProblem { option: Some("path".to_string()), message, help: Some(help.to_string()), entry: None })
    };
    if path.is_empty() {
        return complain("`path` is empty".to_string(), "name a file, or a pattern such as `orders/*.jsonl`");
    }
    let path = Path::new(path);
    if path.is_absolute() {
        return complain(
            format!("`{}` does not start below `root`", path.display()),
            "write the folder as `root` of the connection, and `path` relative to it",
        );
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return complain(format!("`{}` leads out of `root`", path.display()), "write `..` in `root` of the connection");
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_root() {
        for good in ["-", "orders.jsonl", "a/**/*.csv.gz", "..a/b"] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        for (bad, message) in [
            ("", "`path` is empty"),
            ("/etc/passwd", "`/etc/passwd` does not start below `root`"),
            ("a/../../b", "`a/../../b` leads out of `root`"),
        ] {
            assert_eq!(check_path(bad).unwrap_err().message, message);
        }
    }
}
