//! What the language may say of JSON.

use pipewright_plan::{Base, CodecSpec, OptionType, Type, TypedOptions, options};

options! {
    /// How objects are written.
    pub struct JsonOptions {
        /// How the producer writes numbers: `plain` as JSON numbers, `text` in quotes (`"12.50"`), as payment interfaces,
        /// Protobuf and change data capture do. With `text` both are read, also in lists, maps and records, and numbers are
        /// written in quotes.
        numbers: String, OptionType::Choice(&["plain", "text"]), default "plain" = "plain".to_string();
        /// How records stand in a file: `lines`, one object a line; `array`, the elements of one array that is the whole
        /// file; `values`, objects one after the other, each over as many lines as it takes. A Kafka record holds one object.
        framing: String, OptionType::Choice(&["lines", "array", "values"]), default "lines" = "lines".to_string();
    }
}

impl JsonOptions {
    /// How records stand in a file.
    #[cfg(feature = "engine")]
    pub(crate) fn framing(&self) -> JsonFraming {
        match self.framing.as_str() {
            "array" => JsonFraming::Array,
            "values" => JsonFraming::Values,
            _ => JsonFraming::Lines,
        }
    }

    /// How numbers are written.
    pub(super) fn numbers(&self) -> Numbers {
        if self.numbers == "text" { Numbers::Text } else { Numbers::Plain }
    }
}

/// How records stand in a file.
#[cfg(feature = "engine")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonFraming {
    /// One a line.
    Lines,
    /// The elements of one array.
    Array,
    /// One after the other.
    Values,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Numbers {
    /// As JSON has them.
    #[default]
    Plain,
    /// In quotes; read both ways.
    Text,
}

/// JSON.
pub const SPEC: CodecSpec = CodecSpec {
    name: "json",
    doc: "One JSON object per record; in files, one per line unless `framing` says otherwise. Numbers are read exactly, and only as numbers unless `numbers` says otherwise; timestamps are ISO 8601 text, bytes are base64.",
    options: JsonOptions::SPEC,
    reads: any,
    writes: any,
    pasted: true,
    fixed_schema: None,
    validate: |_| Vec::new(),
};

/// Every type has a place in JSON.
fn any(ty: &Type) -> Result<(), String> {
    match &ty.base {
        Base::Bool
        | Base::Int32
        | Base::Int64
        | Base::Float64
        | Base::Decimal { .. }
        | Base::String
        | Base::Bytes
        | Base::Uuid
        | Base::Date
        | Base::Time
        | Base::Timestamp
        | Base::LocalTimestamp
        | Base::Duration
        | Base::Json
        | Base::Set(_)
        | Base::Null
        | Base::Unknown => Ok(()),
        Base::List(element) | Base::Map(element) => any(element),
        Base::Record(fields) => fields.iter().try_for_each(|field| any(&field.ty)),
    }
}
