//! Lints of topics: settings that are legal and hurt later.

use pipewright_grammar::Span;
use pipewright_plan::{Base, Cleanup, OptionValue, Partitioner, Start, Topic, Type, Write};

use crate::{
    context::{Context, DeclaredConnection},
    diagnostics::{
        Diagnostics, FirstRunSkipsHistory, LowCardinalityKey, PartitionerImplicit, ReplicationFactorOne,
        RetentionBelowRecoveryWindow, SinglePartitionTopic,
    },
    nodes::Program,
};

/// A day: an outage over night must not lose records.
const RECOVERY_WINDOW_MS: i64 = 86_400_000;

pub(super) fn check(context: &Context<'_>, program: &Program, diagnostics: &mut Diagnostics) {
    for topic in &program.topics {
        let Some(cluster) = context.connections.get(&topic.connection) else { continue };
        let Some(node) = context.index.node(&topic.name) else { continue };
        let span = |option: &str| {
            let entries = node.node.options.iter().flat_map(|it| &it.entries);
            entries.filter(|it| it.name.text == option).map(|it| it.span).next().unwrap_or(node.node.name.span)
        };
        let name = topic.name.clone();
        if topic.start == Start::Latest {
            diagnostics.emit(FirstRunSkipsHistory { topic: name.clone(), span: span("start") });
        }
        if cluster.embedded() {
            continue;
        }
        if topic.owned() && topic.partitioning.count == Some(1) && !topic.partitioning.key.is_empty() {
            diagnostics.emit(SinglePartitionTopic { topic: name.clone(), span: span("partitions") });
        }
        if topic.owned() && topic.replication == Some(1) && !is_development(cluster, context) {
            diagnostics.emit(ReplicationFactorOne { topic: name.clone(), span: span("replication") });
        }
        if let ([part], Some(partitions)) = (topic.partitioning.key.as_slice(), topic.partitioning.count)
            && let Some(values) = cardinality(&part.ty)
            && topic.owned()
            && values < partitions as usize
        {
            let span = span("partition_key");
            diagnostics.emit(LowCardinalityKey { topic: name.clone(), values, partitions, span });
        }
        if let Some(retention) = topic.retention_ms
            && topic.cleanup == Cleanup::Delete
            && retention < RECOVERY_WINDOW_MS
        {
            diagnostics.emit(RetentionBelowRecoveryWindow { topic: name, span: span("retention") });
        }
        partitioner(topic, node.node.name.span, context, program, diagnostics);
    }
}

/// How many values a type has, if they can be counted.
fn cardinality(ty: &Type) -> Option<usize> {
    match &ty.base {
        Base::Bool => Some(2),
        Base::Set(members) => Some(members.len()),
        _ => None,
    }
}

/// An environment or a broker that is nobody's production.
fn is_development(cluster: &DeclaredConnection, context: &Context<'_>) -> bool {
    let local = |text: &str| text.contains("localhost") || text.contains("127.0.0.1");
    let named = context.environment.name.as_deref();
    named.is_some_and(|it| matches!(it, "dev" | "development" | "local" | "test" | "ci"))
        || matches!(cluster.plan.options.get("brokers"), Some(OptionValue::String(text)) if local(text))
}

/// Order per key rests on all writers placing keys alike.
fn partitioner(topic: &Topic, span: Span, context: &Context<'_>, program: &Program, diagnostics: &mut Diagnostics) {
    let placed = &topic.partitioning;
    if topic.owned() || placed.partitioner != Partitioner::Unknown || placed.count == Some(1) || placed.key.is_empty() {
        return;
    }
    let reads = |sink: &&pipewright_plan::Sink| {
        let ordered = matches!(sink.write, Write::Upsert { version: None, .. });
        let flows = sink.from.iter().filter_map(|it| program.flows.get(it));
        ordered && flows.flat_map(|it| &it.roots).any(|root| root.name == topic.name)
    };
    if let Some(sink) = program.sinks.iter().find(reads)
        && let Some(node) = context.index.node(&sink.name)
    {
        let (topic, sink) = (topic.name.clone(), sink.name.clone());
        diagnostics.emit(PartitionerImplicit { topic, span, sink, sink_span: node.node.name.span });
    }
}
