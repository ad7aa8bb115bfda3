//! Records that the program would send and the brokers refuse.

use pipewright_grammar::ast::ExprKind;
use pipewright_plan::OptionValue;

use super::facts::{Facts, entry};
use crate::diagnostics::{Diagnostics, MessageSizeMismatch};

/// `max.message.bytes` of a topic, if nobody has changed it: 1 MiB and the head of a batch.
const BROKER_LIMIT: u64 = 1_048_588;

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for declared in &facts.context.index.connections {
        let Some(cluster) = facts.context.connections.get(&declared.part.name.text) else { continue };
        let Some(OptionValue::Record(client)) = cluster.plan.options.get("client") else { continue };
        let bytes = match client.get("message.max.bytes") {
            Some(OptionValue::Int(bytes)) => u64::try_from(*bytes).unwrap_or_default(),
            Some(OptionValue::Size(bytes)) => *bytes,
            _ => continue,
        };
        let mut topics = facts.program.topics.iter().filter(|it| it.owned() && it.connection == cluster.plan.name);
        let written = entry(declared.part.options.as_ref(), "client").and_then(|it| match &it.value.kind {
            ExprKind::Record(record) => entry(Some(record), "message.max.bytes"),
            _ => None,
        });
        if bytes > BROKER_LIMIT
            && let (Some(topic), Some(written)) = (topics.next(), written)
        {
            let (topic, place) = (topic.name.clone(), facts.node(&topic.name));
            diagnostics.emit(MessageSizeMismatch { bytes, limit: BROKER_LIMIT, span: written.span, topic, place });
        }
    }
}
