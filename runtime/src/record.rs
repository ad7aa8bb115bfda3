//! Records on their way: where one stands, what makes one bad, what is left of a bad one.

use pipewright_plan::Origin;

/// A record's place in the stage's input. `topic` counts into [`pipewright_plan::Stage::topics`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    /// Index of the topic in its stage.
    pub topic: u16,
    /// The partition.
    pub partition: i32,
    /// The offset; in embedded mode the logical one, which goes on over restarts.
    pub offset: i64,
}

/// Why a record is bad.
#[derive(Clone, Debug, PartialEq)]
pub struct BadRecord {
    /// Under which name it is counted and explained: `undecodable`, `null-value`, `bad-cast`, `check-failed`, `refused`, ….
    pub name: &'static str,
    /// What happened, with the value.
    pub reason: String,
    /// The field, step or sink in the program, if one is to blame.
    pub origin: Option<Origin>,
}

/// The bytes of a record as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// The message key.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers, in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Kafka's record time, microseconds since 1970.
    pub timestamp: Option<i64>,
}

/// A bad record, ready to be stored in the transaction of its epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Where it stood.
    pub at: RecordId,
    /// Counts the letters of one record (it may fail in two branches).
    pub ordinal: u16,
    /// What it was; `None` if the policy keeps positions only, or the bytes are gone (then the reason says so).
    pub original: Option<Original>,
    /// The node that refused it: a topic, transform or sink.
    pub node: String,
    /// The step (`<node>.<ordinal>`), if one did.
    pub step: Option<String>,
    /// `file:line` in the program.
    pub place: String,
    /// Why.
    pub bad: BadRecord,
    /// On a changelog: the last good version of its row stays.
    pub stale_key: bool,
}

/// A record in a file.
#[derive(Clone, Copy, Debug)]
pub struct FileRecord<'a> {
    /// Its bytes, without the line end.
    pub bytes: &'a [u8],
    /// The file below the root; `-` is the standard input.
    pub file: &'a str,
    /// Tells it from what was read under the same name before; 0 if nothing was.
    pub turn: u64,
    /// Its first byte in the unpacked text.
    pub start: u64,
    /// Its first line, from 1.
    pub line: u64,
    /// How many lines it takes.
    pub lines: u64,
    /// It is only what is left of a record.
    pub torn: Option<Torn>,
    /// The names of its cells, where the file has them in its first row.
    pub head: Option<&'a [String]>,
}

/// Why a record that was found in a file is not whole. Known before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The cell whose quote is open, from 1.
    pub cell: usize,
    /// The line on which the quote opens, from 1.
    pub line: u64,
    /// How many lines the cell would have taken.
    pub lines: u64,
    /// How it would have ended.
    pub ends: TornEnd,
}

/// How a quoted cell ends that should not run over line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TornEnd {
    /// With text behind the closing quote.
    Stray,
    /// Not at all in this file.
    Never,
    /// Behind what a record may hold.
    TooLarge,
}

impl Torn {
    /// For people.
    #[cold]
    pub fn explain(&self) -> BadRecord {
        let Self { cell, line, lines, ends } = self;
        let more = lines.saturating_sub(1);
        let taken = match ends {
            TornEnd::Stray => Some(format!("text stands behind the closing quote {} further down", lines_of(more))),
            TornEnd::Never if more == 0 => None,
            TornEnd::Never => Some(format!("it would take the {} up to the end of the file", lines_of(more))),
            TornEnd::TooLarge => Some("it would take more than 16 MiB of the lines behind it".to_string()),
        };
        let taken = taken.map_or(String::new(), |it| format!("; {it}, so these are read as rows of their own"));
        let reason = format!("the quote of cell {cell} opens at line {line} and is not closed{taken}");
        BadRecord { name: "undecodable", reason, origin: None }
    }
}

fn lines_of(count: u64) -> String {
    format!("{count} {}", if count == 1 { "line" } else { "lines" })
}
