//! The connector `kafka`: reading and writing topics of a cluster, or of the in-memory one of embedded mode.
//!
//! [`spec`] and [`properties`] are the pure half; the rest stands behind the feature `engine`.

pub mod properties;
pub mod spec;

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
