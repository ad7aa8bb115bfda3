//! An upsert over topics with different numbers of partitions: one key lies in two partitions that differ.

use pipewright_plan::Write;

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, CopartitionCountMismatch};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for sink in facts.program.sinks.iter().filter(|it| matches!(it.write, Write::Upsert { version: None, .. })) {
        let topics = facts.topics_of(sink);
        let mut counted = topics.iter().filter_map(|it| Some((*it, it.partitioning.count?)));
        let Some((first, count)) = counted.next() else { continue };
        if let Some((other, different)) = counted.find(|(_, it)| *it != count) {
            diagnostics.emit(CopartitionCountMismatch {
                sink: sink.name.clone(),
                span: facts.node(&sink.name),
                topics: [(first.name.clone(), count), (other.name.clone(), different)],
                places: [first, other].map(|it| facts.option(&it.name, "partitions")),
            });
        }
    }
}
