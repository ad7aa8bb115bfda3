//! The Kafka connector against a real cluster: `KAFKA_BROKERS`, by default 127.0.0.1:19092. Without one these tests fail.

pub mod cluster;
mod ingest;
mod reading;
mod topics;
