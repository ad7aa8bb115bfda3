//! Records that are gone before an outage is over.

use pipewright_plan::Cleanup;

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, RetentionBelowRecoveryWindow};

/// A day: an outage over night must not lose records.
const RECOVERY_WINDOW_MS: i64 = 86_400_000;

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for (topic, _) in facts.broker_topics().filter(|(it, _)| it.cleanup == Cleanup::Delete) {
        if topic.retention_ms.is_some_and(|it| it < RECOVERY_WINDOW_MS) {
            let span = facts.option(&topic.name, "retention");
            diagnostics.emit(RetentionBelowRecoveryWindow { topic: topic.name.clone(), span });
        }
    }
}
