//! What lints look at: the checked program, and where its parts stand.

use pipewright_grammar::{Span, ast};
use pipewright_plan::{OptionValue, Sink, Topic};

use crate::{
    context::{Context, DeclaredConnection},
    nodes::{Program, pipeline},
};

/// The program after all else was checked.
pub(super) struct Facts<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) pipeline: &'a pipeline::Checked,
    pub(super) program: &'a Program,
}

impl<'a> Facts<'a> {
    /// The topics that lie on brokers, with their clusters. An embedded cluster is one process and forgets all at its end.
    pub(super) fn broker_topics(&self) -> impl Iterator<Item = (&'a Topic, &'a DeclaredConnection)> {
        let (topics, connections) = (&self.program.topics, &self.context.connections);
        topics.iter().filter_map(|it| Some((it, connections.get(&it.connection)?))).filter(|(_, it)| !it.embedded())
    }

    /// The topics that a sink reads, through whatever transforms.
    pub(super) fn topics_of(&self, sink: &Sink) -> Vec<&'a Topic> {
        let flows = sink.from.iter().filter_map(|it| self.program.flows.get(it));
        let mut topics: Vec<&Topic> = vec![];
        for topic in flows.flat_map(|it| &it.roots).filter_map(|it| self.program.topic(&it.name)) {
            if !topics.iter().any(|it| it.name == topic.name) {
                topics.push(topic);
            }
        }
        topics
    }

    /// Where the name of a node stands.
    pub(super) fn node(&self, name: &str) -> Span {
        self.context.index.node(name).map_or(Span::default(), |it| it.node.name.span)
    }

    /// An option of a node, as written.
    pub(super) fn entry(&self, node: &str, option: &str) -> Option<&'a ast::Entry> {
        let node = self.context.index.node(node)?.node;
        entry(node.options.as_ref(), option)
    }

    /// Where an option of a node stands, or the node's name if it is not written.
    pub(super) fn option(&self, node: &str, option: &str) -> Span {
        self.entry(node, option).map_or_else(|| self.node(node), |it| it.span)
    }

    /// An option of the pipeline, as written.
    pub(super) fn pipeline_entry(&self, option: &str) -> Option<&'a ast::Entry> {
        entry(self.context.index.pipeline.and_then(|it| it.part.options.as_ref()), option)
    }
}

/// An option of a block, as written.
pub(super) fn entry<'a>(record: Option<&'a ast::Record>, option: &str) -> Option<&'a ast::Entry> {
    record.iter().flat_map(|it| &it.entries).find(|it| it.name.text == option)
}

/// A broker on this machine: nobody's production.
pub(super) fn is_local(cluster: &DeclaredConnection) -> bool {
    let local = |text: &str| text.contains("localhost") || text.contains("127.0.0.1");
    matches!(cluster.plan.options.get("brokers"), Some(OptionValue::String(text)) if local(text))
}
