//! Nodes: sources, topics, transforms and sinks, each checked after what it reads, each lowered to its part of the plan.
//!
//! The options of every block stand here as specs, for the checker and for the reference.

mod bad_records;
mod formats;
mod inputs;
pub mod pipeline;
mod schemas;
pub mod sink;
pub mod source;
pub mod topic;
mod transform;

use std::collections::{BTreeMap, BTreeSet};

use pipewright_grammar::{Span, ast};
use pipewright_plan::{OptionSpec, OptionType};

use crate::{
    context::Context,
    diagnostics::{DeclarationCycle, Diagnostics, NotYet, PiiDeadLetter},
    flow::Flow,
    graph,
    index::{DeclaredNode, NodeRole},
};

pub(crate) use bad_records::{Policy, check_pii};

/// Every block of the language with options of its own: its keyword and its options.
pub const BLOCKS: &[(&str, &[OptionSpec])] =
    &[("pipeline", pipeline::OPTIONS), ("sink", sink::OPTIONS), ("source", source::OPTIONS), ("topic", topic::OPTIONS)];

/// All nodes that are right, in the order of the program, and what flows out of each.
#[derive(Default)]
pub(crate) struct Program {
    pub(crate) sources: Vec<pipewright_plan::Source>,
    pub(crate) topics: Vec<pipewright_plan::Topic>,
    pub(crate) transforms: Vec<pipewright_plan::Transform>,
    pub(crate) sinks: Vec<pipewright_plan::Sink>,
    pub(crate) flows: BTreeMap<String, Flow>,
    /// Policies that would copy personal data; told once each.
    pii: Vec<PiiDeadLetter>,
}

impl Program {
    /// A node of the program lives there.
    pub(crate) fn uses_connection(&self, name: &str) -> bool {
        self.sources.iter().any(|it| it.connection == name)
            || self.topics.iter().any(|it| it.connection == name)
            || self.sinks.iter().any(|it| it.connection == name)
    }

    /// The topic of that name.
    pub(crate) fn topic(&self, name: &str) -> Option<&pipewright_plan::Topic> {
        self.topics.iter().find(|it| it.name == name)
    }

    /// The source of that name.
    pub(crate) fn source(&self, name: &str) -> Option<&pipewright_plan::Source> {
        self.sources.iter().find(|it| it.name == name)
    }

    /// The sink of that name.
    pub(crate) fn sink(&self, name: &str) -> Option<&pipewright_plan::Sink> {
        self.sinks.iter().find(|it| it.name == name)
    }

    /// The transform of that name.
    pub(crate) fn transform(&self, name: &str) -> Option<&pipewright_plan::Transform> {
        self.transforms.iter().find(|it| it.name == name)
    }
}

/// One node while it is checked.
pub(crate) struct Site<'a> {
    pub(crate) declaration: &'a ast::Declaration,
    pub(crate) node: &'a ast::Node,
}

impl Site<'_> {
    /// The whole head: what a message about the node as such underlines.
    pub(crate) fn head(&self) -> Span {
        self.declaration.head
    }
}

/// Checks all nodes.
pub(crate) fn check(context: &Context<'_>, pipeline: &pipeline::Checked, diagnostics: &mut Diagnostics) -> Program {
    let nodes = &context.index.nodes;
    let edges: Vec<Vec<usize>> = nodes
        .iter()
        .map(|it| it.node.from.iter().filter_map(|from| context.index.node_position(&from.node.text)).collect())
        .collect();
    let order = graph::order(&edges);
    for cycle in &order.cycles {
        let members = cycle.iter().filter_map(|at| nodes.get(*at));
        let members = members.map(|it| (it.node.name.text.clone(), it.node.name.span)).collect();
        diagnostics.emit(DeclarationCycle { what: "node", members });
    }
    let mut program = Program::default();
    for at in order.sorted {
        let Some(node) = nodes.get(at) else { continue };
        let broken = order.cycles.iter().any(|cycle| cycle.contains(&at));
        let flow = if broken { None } else { one(node, context, pipeline, &mut program, diagnostics) };
        let flow = flow.unwrap_or_else(|| Flow::unknown(node.node.name.span));
        program.flows.insert(node.node.name.text.clone(), flow);
    }
    let mut told = BTreeSet::new();
    for mut finding in std::mem::take(&mut program.pii) {
        if told.insert(finding.span) {
            finding.edits = bad_records::answers(&finding, context);
            diagnostics.emit(finding);
        }
    }
    let place = |name: &String| context.index.node_position(name);
    program.sources.sort_by_key(|it| place(&it.name));
    program.topics.sort_by_key(|it| place(&it.name));
    program.sinks.sort_by_key(|it| place(&it.name));
    // Transforms stay in the order of the graph: inputs before their readers.
    program
}

fn one(
    declared: &DeclaredNode<'_>,
    context: &Context<'_>,
    pipeline: &pipeline::Checked,
    program: &mut Program,
    diagnostics: &mut Diagnostics,
) -> Option<Flow> {
    let site = Site { declaration: declared.declaration, node: declared.node };
    match declared.role {
        NodeRole::Source => source::check(&site, context, pipeline, program, diagnostics),
        NodeRole::Topic => topic::check(&site, context, pipeline, program, diagnostics),
        NodeRole::Transform => transform::check(&site, context, program, diagnostics),
        NodeRole::Sink => {
            sink::check(&site, context, pipeline, program, diagnostics);
            None
        }
        NodeRole::Lookup => {
            diagnostics.emit(NotYet { what: "`lookup`".into(), span: site.head() });
            None
        }
    }
}

/// A spec, in one line.
pub(crate) const fn option(
    name: &'static str,
    ty: OptionType,
    default: Option<&'static str>,
    doc: &'static str,
) -> OptionSpec {
    OptionSpec { name, ty, required: false, default, doc }
}

/// The spec of an option that must be given.
pub(crate) const fn required(name: &'static str, ty: OptionType, doc: &'static str) -> OptionSpec {
    OptionSpec { name, ty, required: true, default: None, doc }
}
