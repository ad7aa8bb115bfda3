//! Files: records are read from files below one folder, or from the standard input.
//!
//! Each file is read once from its first to its last byte, in the order of names; a reader that follows then looks for more. The cursor of a `FileReader` names the files
//! that are done and the byte in the one that is not, each with a fingerprint: going on after a crash gives the records that
//! are missing, or says which file is no longer what it was.

#[cfg(feature = "engine")]
mod cursor;
#[cfg(feature = "engine")]
mod find;
#[cfg(feature = "engine")]
mod follow;
#[cfg(feature = "engine")]
mod frame;
#[cfg(feature = "engine")]
mod input;
#[cfg(feature = "engine")]
mod known;
#[cfg(feature = "engine")]
pub mod positions;
#[cfg(feature = "engine")]
mod problem;
#[cfg(feature = "engine")]
mod reader;
#[cfg(feature = "engine")]
mod seen;
#[cfg(feature = "engine")]
mod shape;
mod spec;
#[cfg(feature = "engine")]
mod values;

pub use crate::record::FileRecord;
#[cfg(feature = "engine")]
pub use follow::nothing_yet;
#[cfg(feature = "engine")]
pub use reader::{Answer, FileReader, Progress};
pub use spec::{FilesConnection, FilesSource, SPEC};

#[cfg(all(test, feature = "engine"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
