//! The decisions about epochs, without I/O, threads or clock: events in, what to do next out.
//!
//! [`Reading`] decides for the thread that reads: what is acquired, when an epoch is handed over or dropped, when a partition is
//! given up, and when reading begins anew. [`Storing`] decides for the thread that stores: under which generations, and what an
//! answer that was lost means. `run` drives them against Kafka and a database, `tests/simulation` against models of both.
//! They see batches and ranges, never a record.

mod reading;
mod storing;

pub use reading::{Action, Event, Patience, Reading, Verdict};
pub use storing::{Answer, Next, Refusal, Storing};

/// Index of the topic in its stage, and a partition of it.
pub type Partition = (u16, i32);
