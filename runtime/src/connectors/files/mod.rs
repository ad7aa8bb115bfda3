//! Files: records are read from files below one folder, or from the standard input.

mod spec;

pub use spec::{FilesConnection, FilesSource, SPEC};
