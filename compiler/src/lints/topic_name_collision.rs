//! Two topics that Kafka cannot tell apart.

use std::collections::BTreeMap;

use pipewright_plan::Topic;

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, TopicNameCollision};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    let mut topics: BTreeMap<(&str, String), &Topic> = BTreeMap::new();
    for topic in &facts.program.topics {
        // Kafka folds both characters into one in the names of its metrics.
        let folded = topic.topic.replace('.', "_");
        match topics.get(&(topic.connection.as_str(), folded.clone())) {
            Some(first) => diagnostics.emit(TopicNameCollision {
                topic: topic.name.clone(),
                kafka: topic.topic.clone(),
                span: facts.node(&topic.name),
                first: facts.node(&first.name),
                same: first.topic == topic.topic,
            }),
            None => {
                topics.insert((&topic.connection, folded), topic);
            }
        }
    }
}
