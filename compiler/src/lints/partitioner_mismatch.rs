//! An upsert over topics whose writers place keys by different functions.

use pipewright_plan::{Partitioner, Write};

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, PartitionerMismatch};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for sink in facts.program.sinks.iter().filter(|it| matches!(it.write, Write::Upsert { version: None, .. })) {
        let topics = facts.topics_of(sink);
        let said = |it: &&&pipewright_plan::Topic| {
            it.partitioning.partitioner != Partitioner::Unknown && it.partitioning.count != Some(1)
        };
        let mut said = topics.iter().filter(said);
        let Some(first) = said.next() else { continue };
        if let Some(other) = said.find(|it| it.partitioning.partitioner != first.partitioning.partitioner) {
            diagnostics.emit(PartitionerMismatch {
                sink: sink.name.clone(),
                span: facts.node(&sink.name),
                topics: [first.name.clone(), other.name.clone()],
                places: [first, other].map(|it| facts.option(&it.name, "partitioner")),
            });
        }
    }
}
