//! CSV: one row per record. Cells are found in place; what a quoted cell holds is copied only if it has doubled quotes.
//!
//! A parser of our own instead of `csv-core`, because that one never fails: an unclosed quote or text behind a closing one
//! would change values silently, and it does not tell a quoted cell from a plain one, which null needs. Compared with the
//! `csv` crate by a property test.

mod cells;
mod decode;
mod dialect;
mod encode;
mod spec;

pub use decode::CsvDecoder;
pub use encode::CsvEncoder;
pub use spec::{CsvOptions, SPEC};

#[cfg(feature = "engine")]
pub(crate) use cells::row;
#[cfg(feature = "engine")]
pub(crate) use decode::header_text;
pub(crate) use dialect::Dialect;
