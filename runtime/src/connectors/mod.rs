//! Connectors: one folder each, one line in [`SPECS`]. `spec.rs` of a folder is its pure half.

use pipewright_plan::ConnectorSpec;

pub mod kafka;

/// The pure halves of all connectors, sorted by name.
pub const SPECS: &[&ConnectorSpec] = &[&kafka::spec::SPEC];
