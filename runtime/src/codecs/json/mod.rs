//! JSON: one object per record.

mod number;
mod problem;
#[cfg(test)]
mod samples;
mod scan;
mod spec;
pub(crate) mod text;
mod tree;

pub use spec::SPEC;
