//! What a path from a source to a sink promises, with the reasons.

use serde::{Deserialize, Serialize};

use crate::Origin;

/// How often a record has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Never lost; after a crash it may have its effect twice.
    AtLeastOnce,
    /// Never lost, never doubled.
    ExactlyOnce,
}

/// What a stage promises, and why: the derivation, one sentence a step, as `explain` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarantee {
    /// The level.
    pub level: Delivery,
    /// The reasons, in order.
    pub because: Vec<Reason>,
}

/// One step of a derivation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A sentence without a full stop.
    pub text: String,
    /// What it is about.
    #[serde(default, rename = "at")]
    pub origin: Origin,
}
