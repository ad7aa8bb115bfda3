//! CSV: one row per record.

mod spec;

pub use spec::{CsvOptions, SPEC};
