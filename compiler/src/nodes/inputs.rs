//! What a node reads: `from A, B`. Several inputs are a union of equal, unrevised records.

use std::collections::BTreeSet;

use pipewright_grammar::ast::Input;
use pipewright_plan::Kind;

use super::{Program, Site};
use crate::{
    context::Context,
    diagnostics::{Diagnostics, MissingPart, NotYet, UnionMismatch, UnionOfChangelog, UnknownNode, WrongInput},
    expressions::closest,
    flow::Flow,
    index::{Namespace, NodeRole},
};

/// What flows into a node; unknown if something is wrong with it.
pub(super) fn read(
    site: &Site<'_>,
    role: NodeRole,
    context: &Context<'_>,
    program: &Program,
    diagnostics: &mut Diagnostics,
) -> Flow {
    let inputs = &site.node.from;
    if inputs.is_empty() {
        let node = format!("{} `{}`", role.keyword(), site.node.name.text);
        diagnostics.emit(MissingPart { node, part: "a node after `from`", span: site.head() });
    }
    let mut flows: Vec<(&Input, Flow)> = vec![];
    let mut seen = BTreeSet::new();
    let mut whole = !inputs.is_empty();
    for input in inputs {
        if !seen.insert(&input.node.text) {
            let text = format!("`{}` is read twice", input.node.text);
            diagnostics.emit(WrongInput { message: text, help: "name it once".into(), span: input.span(), at: None });
            whole = false;
            continue;
        }
        match one(input, role, context, program, diagnostics) {
            Some(flow) if flow.known => flows.push((input, flow)),
            _ => whole = false,
        }
    }
    let mut flows = flows.into_iter();
    match flows.next() {
        Some((first_input, first)) if whole => union(first_input, first, flows, context, diagnostics),
        _ => Flow::unknown(site.node.name.span),
    }
}

fn one(
    input: &Input,
    reader: NodeRole,
    context: &Context<'_>,
    program: &Program,
    diagnostics: &mut Diagnostics,
) -> Option<Flow> {
    let name = &input.node;
    let Some(target) = context.index.node(&name.text) else {
        if context.index.is_broken(Namespace::Nodes, &name.text) {
            return None;
        }
        if context.connections.contains_key(&name.text) {
            let message = format!("`{}` is a connection, not a node", name.text);
            let help = match reader {
                NodeRole::Sink => "read a topic or a transform",
                _ => "read it with a source: `source NAME: Type from CONNECTION { … }`",
            };
            diagnostics.emit(WrongInput { message, help: help.into(), span: name.span, at: None });
            return None;
        }
        let names = context.index.nodes.iter().filter(|it| !matches!(it.role, NodeRole::Sink | NodeRole::Lookup));
        let closest = closest(&name.text, names.map(|it| it.node.name.text.as_str()));
        diagnostics.emit(UnknownNode { name: name.text.clone(), span: name.span, closest });
        return None;
    };
    if let Some(branch) = &input.branch {
        diagnostics.emit(NotYet { what: "reading a branch of a `route`".into(), span: branch.span });
        return None;
    }
    if matches!(target.role, NodeRole::Sink | NodeRole::Lookup) {
        diagnostics.emit(WrongInput {
            message: format!("`{}` is {}, nothing flows out of it", name.text, target.role.words()),
            help: "read a source, a topic or a transform".into(),
            span: input.span(),
            at: Some((target.node.name.span, "declared here".into())),
        });
        return None;
    }
    program.flows.get(&name.text).cloned()
}

fn union<'a>(
    first_input: &Input,
    first: Flow,
    others: impl Iterator<Item = (&'a Input, Flow)>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics,
) -> Flow {
    let mut result = first;
    let mut single = true;
    for (input, flow) in others {
        single = false;
        context.note_joined(&result.declared, &flow.declared);
        let both = [(first_input, &result), (input, &flow)];
        let mut whole = true;
        for (input, flow) in both {
            if let Kind::Changelog { .. } = &flow.kind {
                diagnostics.emit(UnionOfChangelog {
                    name: input.node.text.clone(),
                    kind: flow.kind.to_string(),
                    span: input.span(),
                    decided: flow.kind_span,
                });
                whole = false;
            }
        }
        if let Some(difference) = difference(&result, &flow) {
            diagnostics.emit(UnionMismatch {
                difference,
                span: input.span(),
                first: first_input.span(),
                first_name: first_input.node.text.clone(),
            });
            whole = false;
        }
        if result.reads_source() != flow.reads_source() {
            diagnostics.emit(WrongInput {
                message: "a source and a topic cannot be read together".into(),
                help: "put a topic after the source, and read that".into(),
                span: input.span(),
                at: Some((first_input.span(), "together with this".into())),
            });
            whole = false;
        }
        result.known &= whole;
        result.roots.extend(flow.roots);
        result.nondeterministic.extend(flow.nondeterministic);
        result.unstable.extend(flow.unstable);
        result.narrowed.retain(|it| flow.narrowed.contains(it));
        result.meta_known.clear();
        result.gone.clear();
        for (field, other) in result.schema.fields.iter_mut().zip(flow.schema.fields) {
            field.pii |= other.pii;
            field.key &= other.key;
            field.fixed &= other.fixed;
        }
    }
    if !single && result.known {
        // Equal values may come from both inputs.
        result.kind = Kind::APPEND;
    }
    result
}

/// The first difference between two schemas, in words.
fn difference(one: &Flow, other: &Flow) -> Option<String> {
    for field in &one.schema.fields {
        match other.schema.field(&field.name) {
            None => return Some(format!("it has no field `{}`", field.name)),
            Some(same) if same.ty != field.ty && !same.ty.is_unknown() && !field.ty.is_unknown() => {
                return Some(format!("`{}` is `{}` here and `{}` there", field.name, same.ty, field.ty));
            }
            Some(_) => {}
        }
    }
    let extra = other.schema.fields.iter().find(|it| one.schema.field(&it.name).is_none());
    if let Some(field) = extra {
        return Some(format!("its field `{}` is not in the other", field.name));
    }
    let order = one.schema.fields.iter().zip(&other.schema.fields).find(|(a, b)| a.name != b.name);
    order.map(|(a, b)| format!("its fields are in another order: `{}` where the other has `{}`", b.name, a.name))
}
