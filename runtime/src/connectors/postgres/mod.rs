//! PostgreSQL: a database to write to. `spec.rs` is its pure half.

mod spec;

pub use spec::{PostgresConnection, SPEC};
