//! One copy of the records.

use super::facts::{Facts, is_local};
use crate::diagnostics::{Diagnostics, ReplicationFactorOne};

/// An environment that is nobody's production.
fn is_development(facts: &Facts<'_>) -> bool {
    let named = facts.context.environment.name.as_deref();
    named.is_some_and(|it| matches!(it, "dev" | "development" | "local" | "test" | "ci"))
}

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for (topic, cluster) in facts.broker_topics() {
        if topic.owned() && topic.replication == Some(1) && !is_local(cluster) && !is_development(facts) {
            let span = facts.option(&topic.name, "replication");
            diagnostics.emit(ReplicationFactorOne { topic: topic.name.clone(), span });
        }
    }
}
