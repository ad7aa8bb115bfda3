//! Codecs: bytes to cells and back. One folder each, one line in [`SPECS`]. `spec.rs` of a folder is its pure half.

use pipewright_plan::CodecSpec;

pub mod csv;
pub mod json;
pub(crate) mod problem;
pub mod raw;

/// The pure halves of all codecs, sorted by name.
pub const SPECS: &[&CodecSpec] = &[&csv::SPEC, &json::SPEC, &raw::SPEC];
