//! Raw lines: the record is its text.

mod spec;

pub use spec::{LINE, SPEC};
