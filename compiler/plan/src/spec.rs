//! What a connector and a codec say of themselves: the pure half, which needs no client library.

use crate::{OptionSpec, Options, Type};

/// A kind of connection: `kafka`, `postgres`, ….
#[derive(Debug)]
pub struct ConnectorSpec {
    /// The word after `=` in `connection NAME = KIND`.
    pub name: &'static str,
    /// What it is for, in a sentence or two.
    pub doc: &'static str,
    /// What it is to the program.
    pub role: Role,
    /// Options of the connection.
    pub connection: &'static [OptionSpec],
    /// Options of `source … from` it (besides `format` and `on_bad_record`); `None`: it cannot be read.
    pub source: Option<&'static [OptionSpec]>,
    /// Sources end (files), so they may be wired straight into a sink.
    pub bounded: bool,
    /// What a sink to it may say; `None`: it cannot be written.
    pub sink: Option<SinkSpec>,
    /// Whether a column of this type can be stored; the text says why not and what to do. Only for sinks.
    pub column: fn(&Type) -> Result<(), String>,
    /// What the spec cannot say: options that exclude each other. Each text names the option it is about.
    pub validate: fn(&Options) -> Vec<OptionProblem>,
}

/// What a sink to a connector may say.
#[derive(Clone, Copy, Debug)]
pub struct SinkSpec {
    /// Its options, besides those every sink has.
    pub options: &'static [OptionSpec],
    /// How many bytes the name of a table or a column may have.
    pub longest_name: Option<usize>,
}

/// What a connection is to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Topics live there.
    Cluster,
    /// Rows, dead letters and positions are one transaction there.
    Database,
    /// Only read.
    Input,
}

/// Something wrong with options that are each right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionProblem {
    /// The option to underline; `None`: the block.
    pub option: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The entry of the option's block that it is about, and the rule it breaks.
    pub entry: Option<Box<EntryProblem>>,
}

/// Something wrong with one entry of an option that is a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryProblem {
    /// Its name.
    pub name: String,
    /// The name of the diagnostic that tells it, if it has one of its own.
    pub rule: Option<&'static str>,
    /// What was meant, if the name is unknown and something is close.
    pub closest: Option<String>,
}

/// How bytes become records: `json`, `csv`, `raw`.
#[derive(Debug)]
pub struct CodecSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a sentence or two.
    pub doc: &'static str,
    /// Options in the parentheses.
    pub options: &'static [OptionSpec],
    /// Whether a field of this type can be read; the text says why not and what to do.
    pub reads: fn(&Type) -> Result<(), String>,
    /// Whether a field of this type can be written, so that reading it gives it back.
    pub writes: fn(&Type) -> Result<(), String>,
    /// A record of it stands in a test as it is: the text of an object with quoted names.
    pub pasted: bool,
    /// The records it always gives, if the program has no say (`raw`: one field `line: string`).
    pub fixed_schema: Option<fn() -> crate::Schema>,
    /// What the spec cannot say of its options: a delimiter of two characters, two options with the same character.
    pub validate: fn(&Options) -> Vec<OptionProblem>,
}
