//! The connectors on what they connect to: a real Kafka, a real PostgreSQL, SQLite, the embedded cluster. One binary, so that the
//! client libraries are linked once; a part of it alone is `cargo test -p pipewright-runtime --test connectors postgres::`.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs, dead_code)]

mod embedded;
mod foreign_keys;
mod kafka;
mod kafka_away;
mod own_tables;
mod postgres;
mod postgres_setup;
mod refused;
mod sqlite;
mod stage;
