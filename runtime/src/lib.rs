//! The native engine: a plan becomes running stages.
//!
//! Owns the connectors (Kafka, files, PostgreSQL, SQLite), the codecs (JSON, CSV, raw lines), the engine core (decode,
//! steps, encode; free of I/O), positions and dead letters. Knows no grammar, no compiler, prints nothing.
//! Without the feature `engine` no client library is linked: what is left are the specs of connectors and codecs, which the
//! checker needs, the codecs and the engine core, which `test` runs on.

pub mod codecs;
pub mod connectors;
#[cfg(feature = "engine")]
mod crash_points;
pub mod engine;
pub mod epoch;
pub mod record;
pub mod report;
#[cfg(feature = "engine")]
pub mod run;
pub mod sinks;
pub mod testing;
