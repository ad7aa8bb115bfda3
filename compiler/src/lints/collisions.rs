//! Two things of a program that are one outside of it: topics of one name, sinks on one table.

use std::collections::BTreeMap;

use pipewright_grammar::Span;
use pipewright_plan::Write;

use crate::{
    context::Context,
    diagnostics::{Diagnostics, SharedTable, TopicNameCollision},
    nodes::Program,
};

pub(super) fn check(context: &Context<'_>, program: &Program, diagnostics: &mut Diagnostics) {
    let place = |name: &str| context.index.node(name).map_or(Span::default(), |it| it.node.name.span);
    let mut topics: BTreeMap<(&str, String), &pipewright_plan::Topic> = BTreeMap::new();
    for topic in &program.topics {
        // Kafka folds both characters into one in the names of its metrics.
        let folded = topic.topic.replace('.', "_");
        match topics.get(&(topic.connection.as_str(), folded.clone())) {
            Some(first) => diagnostics.emit(TopicNameCollision {
                topic: topic.name.clone(),
                kafka: topic.topic.clone(),
                span: place(&topic.name),
                first: place(&first.name),
                same: first.topic == topic.topic,
            }),
            None => {
                topics.insert((&topic.connection, folded), topic);
            }
        }
    }
    let mut tables: BTreeMap<(&str, &str), &pipewright_plan::Sink> = BTreeMap::new();
    for sink in &program.sinks {
        match tables.get(&(sink.connection.as_str(), sink.table.as_str())) {
            Some(first) if first.write != Write::Append || sink.write != Write::Append => {
                let (span, first) = (place(&sink.name), place(&first.name));
                diagnostics.emit(SharedTable { table: sink.table.clone(), span, first });
            }
            Some(_) => {}
            None => {
                tables.insert((&sink.connection, &sink.table), sink);
            }
        }
    }
}
