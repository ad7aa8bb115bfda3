//! Blocks of options as they were written, with what may stand in them: of declarations, of steps, nested ones, and what
//! stands in the parentheses of a format or a policy.

use pipewright_grammar::ast::{Arg, Declaration, DeclarationKind, Entry, Expr, ExprKind, Name, Node, Record, StepKind};
use pipewright_plan::{OptionSpec, OptionType};

use super::Analysis;
use crate::{
    nodes::{pipeline, sink, source, topic},
    registry::Registry,
    steps,
};

/// A block of options.
pub(super) struct Block<'a> {
    pub(super) specs: Vec<&'static OptionSpec>,
    pub(super) parts: Vec<Part<'a>>,
}

/// One written option.
pub(super) struct Part<'a> {
    pub(super) name: Option<&'a Name>,
    pub(super) value: &'a Expr,
    /// Only one word was written: it may be meant as a name.
    pub(super) lone: bool,
}

impl Block<'_> {
    /// The spec of a written option.
    pub(super) fn spec(&self, part: &Part<'_>) -> Option<&'static OptionSpec> {
        let name = part.name?;
        self.specs.iter().copied().find(|spec| spec.name == name.text)
    }
}

/// All blocks of a declaration, outer ones first.
pub(super) fn blocks<'a>(declaration: &'a Declaration, analysis: &Analysis, registry: &Registry) -> Vec<Block<'a>> {
    let mut found = vec![];
    let mut of = |record: &'a Option<Record>, lists: Vec<&'static [OptionSpec]>| {
        if let Some(record) = record {
            let parts = record.entries.iter().map(entry).collect();
            add(Block { specs: lists.into_iter().flatten().collect(), parts }, registry, &mut found);
        }
    };
    match &declaration.kind {
        DeclarationKind::Pipeline(it) => of(&it.options, vec![pipeline::OPTIONS]),
        DeclarationKind::Connection(it) => {
            of(&it.options, registry.connector(&it.kind.text).map(|it| it.connection).into_iter().collect());
        }
        DeclarationKind::Source(it) => {
            let connector = it.from.first().and_then(|it| connector(&it.node.text, analysis, registry));
            of(&it.options, connector.and_then(|it| it.source).into_iter().chain([source::OPTIONS]).collect());
        }
        DeclarationKind::Topic(it) => of(&it.options, vec![topic::OPTIONS]),
        DeclarationKind::Sink(it) => {
            let connector = it.to.as_ref().and_then(|it| connector(&it.text, analysis, registry));
            of(
                &it.options,
                [sink::OPTIONS].into_iter().chain(connector.and_then(|it| it.sink).map(|it| it.options)).collect(),
            );
        }
        DeclarationKind::Import(_)
        | DeclarationKind::Type(_)
        | DeclarationKind::Function(_)
        | DeclarationKind::Param(_)
        | DeclarationKind::Lookup(_)
        | DeclarationKind::Transform(_)
        | DeclarationKind::Test(_)
        | DeclarationKind::Stub { .. } => {}
    }
    for step in node(declaration).iter().flat_map(|it| &it.steps) {
        if let StepKind::AsEvents { options } = &step.kind {
            of(options, vec![steps::EVENTS]);
        }
    }
    found
}

/// The node that a declaration declares.
pub(super) fn node(declaration: &Declaration) -> Option<&Node> {
    match &declaration.kind {
        DeclarationKind::Source(node)
        | DeclarationKind::Topic(node)
        | DeclarationKind::Lookup(node)
        | DeclarationKind::Transform(node)
        | DeclarationKind::Sink(node) => Some(node),
        _ => None,
    }
}

/// What a connection of the program is reached with.
pub(super) fn connector(
    name: &str,
    analysis: &Analysis,
    registry: &Registry,
) -> Option<&'static pipewright_plan::ConnectorSpec> {
    let mut declarations = analysis.files.iter().flat_map(|file| &file.declarations);
    declarations.find_map(|it| match &it.kind {
        DeclarationKind::Connection(it) if it.name.text == name => registry.connector(&it.kind.text),
        _ => None,
    })
}

fn entry(entry: &Entry) -> Part<'_> {
    Part { name: Some(&entry.name), value: &entry.value, lone: entry.shorthand }
}

fn arg(arg: &Arg) -> Part<'_> {
    Part { name: arg.name.as_ref(), value: &arg.value, lone: arg.name.is_none() }
}

fn add<'a>(block: Block<'a>, registry: &Registry, found: &mut Vec<Block<'a>>) {
    let mut inner = vec![];
    for part in &block.parts {
        let Some(spec) = block.spec(part) else { continue };
        match (&spec.ty, &part.value.kind) {
            (OptionType::Record(specs), ExprKind::Record(record)) => {
                inner.push(Block { specs: specs.iter().collect(), parts: record.entries.iter().map(entry).collect() });
            }
            (ty, ExprKind::Call { callee, args, .. }) => {
                let ExprKind::Name(word) = &callee.kind else { continue };
                let specs = match ty {
                    OptionType::Call(calls) => calls.iter().find(|it| it.name == word.text).map(|it| it.options),
                    OptionType::Format => registry.codec(&word.text).map(|it| it.options),
                    _ => None,
                };
                if let Some(specs) = specs {
                    inner.push(Block { specs: specs.iter().collect(), parts: args.iter().map(arg).collect() });
                }
            }
            _ => {}
        }
    }
    found.push(block);
    inner.into_iter().for_each(|block| add(block, registry, found));
}
