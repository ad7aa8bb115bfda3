//! PostgreSQL: a database to write to. `spec.rs` is its pure half.

mod spec;

#[cfg(feature = "engine")]
mod catalog;
#[cfg(feature = "engine")]
mod client;
#[cfg(feature = "engine")]
mod database;
#[cfg(feature = "engine")]
mod encode;
#[cfg(feature = "engine")]
mod errors;
#[cfg(feature = "engine")]
mod history;
#[cfg(feature = "engine")]
mod letters;
#[cfg(feature = "engine")]
mod numeric;
#[cfg(feature = "engine")]
mod prepare;
#[cfg(feature = "engine")]
mod session;
#[cfg(feature = "engine")]
mod table;
#[cfg(feature = "engine")]
mod types;

pub use spec::{PostgresConnection, SPEC};

#[cfg(feature = "engine")]
pub use database::PostgresDatabase;
#[cfg(feature = "engine")]
pub(crate) use database::{location, server};
