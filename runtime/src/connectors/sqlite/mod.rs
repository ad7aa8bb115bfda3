//! SQLite: a database in one file. `spec.rs` is its pure half.

mod spec;

#[cfg(feature = "engine")]
mod changed;
#[cfg(feature = "engine")]
mod client;
#[cfg(feature = "engine")]
mod database;
#[cfg(feature = "engine")]
mod encode;
#[cfg(feature = "engine")]
mod errors;
#[cfg(feature = "engine")]
mod foreign_keys;
#[cfg(feature = "engine")]
mod history;
#[cfg(feature = "engine")]
mod letters;
#[cfg(feature = "engine")]
mod look;
#[cfg(feature = "engine")]
mod own;
#[cfg(feature = "engine")]
mod positions;
#[cfg(feature = "engine")]
mod remembered;
#[cfg(feature = "engine")]
mod renamed;
#[cfg(feature = "engine")]
mod session;
#[cfg(feature = "engine")]
mod settle;
#[cfg(feature = "engine")]
mod statements;
#[cfg(feature = "engine")]
mod tables;
#[cfg(feature = "engine")]
mod text;

pub use spec::{SPEC, SqliteConnection};

#[cfg(feature = "engine")]
pub use database::SqliteDatabase;
#[cfg(feature = "engine")]
pub(crate) use session::timestamp;
