//! Order per key rests on all writers of a topic placing keys alike.

use pipewright_grammar::Span;
use pipewright_plan::{Partitioner, Topic, Write};

use super::facts::Facts;
use crate::added;
use crate::diagnostics::{Diagnostics, PartitionerImplicit};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for (topic, _) in facts.broker_topics() {
        let placed = &topic.partitioning;
        let known = placed.partitioner != Partitioner::Unknown || placed.count == Some(1) || placed.key.is_empty();
        if topic.owned() || known {
            continue;
        }
        let ordered = |it: &&pipewright_plan::Sink| matches!(it.write, Write::Upsert { version: None, .. });
        let mut sinks = facts.program.sinks.iter().filter(ordered);
        if let Some(sink) = sinks.find(|sink| facts.topics_of(sink).iter().any(|it| it.name == topic.name)) {
            diagnostics.emit(PartitionerImplicit {
                topic: topic.name.clone(),
                span: facts.node(&topic.name),
                sink: sink.name.clone(),
                sink_span: facts.node(&sink.name),
                edits: ["murmur2", "consistent"].into_iter().filter_map(|it| Some((it, said(facts, topic, it)?))).collect(),
            });
        }
    }
}

/// The edit that says it.
fn said(facts: &Facts<'_>, topic: &Topic, partitioner: &str) -> Option<(Span, String)> {
    let node = facts.context.index.node(&topic.name)?;
    let text = format!("partitioner = {partitioner}");
    Some(added::node(node.node, &text, facts.context.sources))
}
