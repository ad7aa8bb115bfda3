//! The connector `kafka`: reading and writing topics of a cluster, or of the in-memory one of embedded mode.
//!
//! [`spec`], [`properties`], [`keys`], [`partitioner`] and the settings of [`client`] are the pure half; the rest stands
//! behind the feature `engine`.

pub mod client;
pub mod keys;
pub mod partitioner;
pub mod properties;
pub mod spec;

#[cfg(feature = "engine")]
pub mod admin;
#[cfg(feature = "engine")]
mod answers;
#[cfg(feature = "engine")]
pub mod cursor;
#[cfg(feature = "engine")]
mod differences;
#[cfg(feature = "engine")]
pub mod embedded;
#[cfg(feature = "engine")]
mod embedded_window;
#[cfg(feature = "engine")]
pub mod errors;
#[cfg(feature = "engine")]
mod farewell;
#[cfg(feature = "engine")]
mod fetcher;
#[cfg(feature = "engine")]
pub mod ingest;
#[cfg(feature = "engine")]
pub mod lease;
#[cfg(feature = "engine")]
pub mod letters;
#[cfg(feature = "engine")]
mod look;
#[cfg(feature = "engine")]
pub mod markers;
#[cfg(feature = "engine")]
mod membership;
#[cfg(feature = "engine")]
mod native;
#[cfg(feature = "engine")]
pub mod originals;
#[cfg(feature = "engine")]
pub mod ownership;
#[cfg(feature = "engine")]
mod poller;
#[cfg(feature = "engine")]
pub mod positions;
#[cfg(feature = "engine")]
mod questions;
#[cfg(feature = "engine")]
pub mod reader;
#[cfg(feature = "engine")]
mod renamed;
#[cfg(feature = "engine")]
pub mod scan;
#[cfg(feature = "engine")]
mod slot;

#[cfg(feature = "engine")]
pub use native::batch;

pub use properties::{CLIENT_PROPERTIES, ClientProperty, Scope, client_property};

/// The name closest to one that is not known, if one is close enough to be meant.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|it| (strsim::osa_distance(name, it), it))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, it)| *distance <= 1 + it.len().max(name.len()) / 5)
        .map(|(_, it)| it)
}
