//! The native engine: a plan becomes running stages.
//!
//! Owns the connectors (Kafka, files, PostgreSQL, SQLite), the codecs (JSON, CSV, raw lines), the engine core (decode,
//! steps, encode; free of I/O), positions and dead letters. Knows no grammar, no compiler, prints nothing.
//! Without the feature `engine` only the specs of connectors and codecs are compiled: what the checker needs.

pub mod codecs;
pub mod connectors;
pub mod report;

#[cfg(feature = "engine")]
pub mod record;
#[cfg(feature = "engine")]
pub mod sinks;
