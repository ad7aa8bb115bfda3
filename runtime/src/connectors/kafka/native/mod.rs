//! The calls into librdkafka that rdkafka does not wrap: batches of messages, ends of partitions and topic ids; and a file lock beside them.
//!
//! The only place of this crate where `unsafe` is allowed. Everything public here is safe to call. Knows nothing of stages.
#![allow(unsafe_code)]

pub mod batch;
pub mod file_lock;
pub mod offsets;
pub mod topic_ids;
