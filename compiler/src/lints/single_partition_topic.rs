//! A keyed topic that one reader at a time can read.

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, SinglePartitionTopic};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for (topic, _) in facts.broker_topics() {
        if topic.owned() && topic.partitioning.count == Some(1) && !topic.partitioning.key.is_empty() {
            let span = facts.option(&topic.name, "partitions");
            diagnostics.emit(SinglePartitionTopic { topic: topic.name.clone(), span });
        }
    }
}
