//! SQLite: a database in one file. `spec.rs` is its pure half.

mod spec;

pub use spec::{SPEC, SqliteConnection};
