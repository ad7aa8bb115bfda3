//! JSON: one object per record. Read by a scanner of our own that finds only the keys a program uses, in one pass and
//! without a tree of values; written field by field.

mod convert;
mod decode;
mod encode;
mod nested;
mod number;
mod problem;
#[cfg(test)]
mod samples;
mod scan;
mod spec;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
mod text;
mod tree;

pub use decode::JsonDecoder;
pub use encode::JsonEncoder;
#[cfg(feature = "engine")]
pub(crate) use spec::JsonFraming;
pub use spec::{JsonOptions, SPEC};

pub(super) use convert::json_text;
