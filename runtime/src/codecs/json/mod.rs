//! JSON: one object per record.

mod spec;

pub use spec::SPEC;
