//! PostgreSQL: a database to write to. `spec.rs` is its pure half.

mod encode;
mod numeric;
mod spec;
#[cfg_attr(not(feature = "engine"), allow(dead_code))]
mod types;

#[cfg(feature = "engine")]
mod catalog;
#[cfg(feature = "engine")]
mod changed;
#[cfg(feature = "engine")]
mod client;
#[cfg(feature = "engine")]
mod database;
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
mod prepare;
#[cfg(feature = "engine")]
mod remembered;
#[cfg(feature = "engine")]
mod renamed;
#[cfg(feature = "engine")]
mod session;
#[cfg(feature = "engine")]
mod settle;
#[cfg(feature = "engine")]
mod table;

pub use spec::{PostgresConnection, SPEC};

#[cfg(feature = "engine")]
pub use database::PostgresDatabase;
#[cfg(feature = "engine")]
pub(crate) use database::{location, server};

/// What encodes the rows of a sink for a table as it is created when it is missing.
pub fn encoder(sink: &pipewright_plan::Sink) -> Box<dyn crate::sinks::RowEncoder> {
    let wires: Vec<_> = sink.columns.fields.iter().map(|field| types::created(&field.ty.base)).collect();
    Box::new(encode::PostgresEncoder::new(sink, &wires))
}
