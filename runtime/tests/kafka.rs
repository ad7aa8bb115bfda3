//! The Kafka connector against a real cluster: `KAFKA_BROKERS`, by default 127.0.0.1:19092. Without one these tests fail.
#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod kafka {
    pub mod cluster;
    mod ingest;
    mod reading;
    mod topics;
}
