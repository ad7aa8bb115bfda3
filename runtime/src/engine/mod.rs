//! The engine core: records in, rows out. Decodes with projection, runs the steps, hands rows to encoders.
//!
//! Free of I/O: it sees bytes, cells and counters, never a consumer, a connection or a clock. What it computes depends on
//! the record alone, so epochs, lanes and crashes change no result.

mod bad_rate;
mod build;
mod columns;
mod counters;
mod coverage;
mod ingest;
mod path;
mod process;
mod segment;
mod stage;

pub use bad_rate::BadRate;
pub use build::{BuildError, Input, MakeDecoder, Numbering, Target, build, build_covered};
pub use counters::Counters;
pub use coverage::{Coverage, Reachable};
pub use ingest::{Emit, HEAD, IngestCore, IngestHalt};
pub use process::{Incoming, Output, Values, Verdict};
pub use segment::{Segment, Tap};
pub use stage::{Halt, StageCore, StageRecord};
