//! Codecs: bytes to cells and back. One folder each, one line in [`SPECS`].

use pipewright_plan::CodecSpec;

/// The pure halves of all codecs, sorted by name.
pub const SPECS: &[&CodecSpec] = &[];
