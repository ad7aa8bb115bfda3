//! The options of a format, read once.

use pipewright_plan::{Options, TypedOptions};

use super::spec::CsvOptions;
use crate::codecs::CodecError;

/// How rows are written.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    /// `None`: there are no quotes.
    pub quote: Option<u8>,
    /// What stands for null.
    pub null: String,
    /// Drops spaces around plain cells.
    pub trim: bool,
    /// Takes empty cells too many, and cells too few.
    pub ragged: bool,
}

impl Dialect {
    /// Reads the options. The checker has refused wrong ones; a plan edited by hand may bring them again.
    pub fn new(options: &Options) -> Result<Self, CodecError> {
        if let Some(problem) = (super::SPEC.validate)(options).into_iter().next() {
            return Err(CodecError { name: "bad-option", message: problem.message, help: problem.help });
        }
        let options = CsvOptions::decode(options)?;
        Ok(Self {
            delimiter: options.delimiter_byte().unwrap_or(b','),
            quote: options.quote_byte(),
            null: options.null,
            trim: options.trim,
            ragged: options.ragged,
        })
    }
}
