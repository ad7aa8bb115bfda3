//! Far more partitions than anything could read at once.

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, OverPartitionedTopic};

/// Each partition costs the brokers files, memory and time at a failover; a thousand readers of one topic are rare.
const MANY: u32 = 1000;

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for (topic, _) in facts.broker_topics().filter(|(it, _)| it.owned()) {
        if let Some(partitions) = topic.partitioning.count.filter(|it| *it > MANY) {
            let span = facts.option(&topic.name, "partitions");
            diagnostics.emit(OverPartitionedTopic { topic: topic.name.clone(), partitions, span });
        }
    }
}
