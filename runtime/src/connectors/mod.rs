//! Connectors: one folder each, one line in [`SPECS`]. `spec.rs` of a folder is its pure half.

use pipewright_plan::ConnectorSpec;

pub mod files;
pub mod kafka;
pub mod postgres;
pub mod sqlite;

/// The pure halves of all connectors, sorted by name.
pub const SPECS: &[&ConnectorSpec] = &[&files::SPEC, &kafka::spec::SPEC, &postgres::SPEC, &sqlite::SPEC];
