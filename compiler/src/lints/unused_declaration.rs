//! What is declared and never used. Topics that are written and not read are no news: others may read them.

use std::collections::BTreeSet;

use pipewright_grammar::ast::{self, Expr, ExprKind, StepKind, TypeExpr, TypeExprKind, TypeValue, Window};

use super::facts::Facts;
use crate::{
    diagnostics::{Diagnostics, UnusedDeclaration},
    index::NodeRole,
    walk,
};

/// Names that are mentioned anywhere, by what they can mean.
#[derive(Default)]
struct Used<'a> {
    nodes: BTreeSet<&'a str>,
    connections: BTreeSet<&'a str>,
    types: BTreeSet<&'a str>,
    values: BTreeSet<&'a str>,
}

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    // What a mistake elsewhere left without a reader is no news.
    if diagnostics.has_errors() {
        return;
    }
    let (context, index) = (facts.context, &facts.context.index);
    let mut used = Used::default();
    for declared in &index.connections {
        used.record(declared.part.options.as_ref());
    }
    used.record(index.pipeline.as_ref().and_then(|it| it.part.options.as_ref()));
    for declared in &index.types {
        match &declared.part.value {
            TypeValue::Written(ty) => used.ty(ty),
            TypeValue::Table { connection, .. } => {
                used.connections.insert(&connection.text);
            }
            TypeValue::Imported { .. } => {}
        }
    }
    for declared in &index.functions {
        declared.part.params.iter().for_each(|it| used.ty(&it.ty));
        used.ty(&declared.part.result);
        used.expr(&declared.part.body);
    }
    for declared in &index.params {
        used.ty(&declared.part.ty);
        declared.part.default.iter().for_each(|it| used.expr(it));
    }
    let mut implied_cluster = false;
    for declared in &index.nodes {
        implied_cluster |= declared.role == NodeRole::Topic && declared.node.on.is_none();
        used.node(declared.node);
    }
    let mut report = |what: &'static str, name: &ast::Name, help: String| {
        diagnostics.emit(UnusedDeclaration { what, name: name.text.clone(), span: name.span, help });
    };
    for declared in &index.connections {
        let name = &declared.part.name;
        let cluster =
            context.connections.get(&name.text).is_none_or(|it| it.spec.role == pipewright_plan::Role::Cluster);
        let used = used.connections.contains(name.text.as_str()) || cluster && implied_cluster;
        if !used {
            report("connection", name, "remove it".into());
        }
    }
    for declared in index.types.iter().filter(|it| !used.types.contains(it.part.name.text.as_str())) {
        report("type", &declared.part.name, "remove it".into());
    }
    for declared in index.functions.iter().filter(|it| !used.values.contains(it.part.name.text.as_str())) {
        report("function", &declared.part.name, "remove it".into());
    }
    for declared in index.params.iter().filter(|it| !used.values.contains(it.part.name.text.as_str())) {
        report("parameter", &declared.part.name, "remove it".into());
    }
    for declared in index.nodes.iter().filter(|it| !used.nodes.contains(it.node.name.text.as_str())) {
        let name = &declared.node.name;
        let help = format!("read it: `sink NAME from {} to CONNECTION {{ … }}`", name.text);
        match declared.role {
            NodeRole::Source => {
                report("source", name, format!("write `topic NAME from {}`, or remove it", name.text));
            }
            NodeRole::Transform => report("transform", name, help),
            NodeRole::Topic if declared.node.from.is_empty() => report("topic", name, help),
            NodeRole::Lookup => report("lookup", name, "remove it".into()),
            NodeRole::Topic | NodeRole::Sink => {}
        }
    }
}

impl<'a> Used<'a> {
    fn expr(&mut self, expr: &'a Expr) {
        walk::expressions(expr, &mut |it| {
            if let ExprKind::Name(name) = &it.kind {
                self.values.insert(&name.text);
            }
        });
    }

    fn record(&mut self, record: Option<&'a ast::Record>) {
        record.iter().flat_map(|it| &it.entries).for_each(|it| self.expr(&it.value));
    }

    fn ty(&mut self, ty: &'a TypeExpr) {
        match &ty.kind {
            TypeExprKind::Name(name) => {
                self.types.insert(name);
            }
            TypeExprKind::Decimal { .. } | TypeExprKind::Set(_) | TypeExprKind::Error => {}
            TypeExprKind::List(element) => self.ty(element),
            TypeExprKind::Map(key, value) => {
                self.ty(key);
                self.ty(value);
            }
            TypeExprKind::Record(fields) => fields.iter().for_each(|it| self.ty(&it.ty)),
        }
    }

    fn node(&mut self, node: &'a ast::Node) {
        self.types.extend(node.ty.iter().map(|it| it.text.as_str()));
        for name in node.on.iter().chain(&node.to) {
            self.connections.insert(&name.text);
        }
        for input in &node.from {
            // A source names a connection here, any other node a node.
            self.nodes.insert(&input.node.text);
            self.connections.insert(&input.node.text);
        }
        self.record(node.options.as_ref());
        node.steps.iter().for_each(|step| self.step(step));
    }

    fn step(&mut self, step: &'a ast::Step) {
        match &step.kind {
            StepKind::Where(condition) => self.expr(condition),
            StepKind::Check { condition, reason } => {
                self.expr(condition);
                self.expr(reason);
            }
            StepKind::Derive(bindings) => bindings.iter().for_each(|it| self.expr(&it.value)),
            StepKind::Select(items) => items.iter().for_each(|it| self.expr(&it.value)),
            StepKind::Drop(_) | StepKind::Rename(_) | StepKind::Flatten { .. } | StepKind::Error => {}
            StepKind::Lookup { lookup, on, options, .. } => {
                self.nodes.insert(&lookup.text);
                self.expr(on);
                self.record(options.as_ref());
            }
            StepKind::Join { input, on, within, .. } => {
                self.nodes.insert(&input.node.text);
                self.expr(on);
                self.expr(within);
            }
            StepKind::Dedupe { keys, within } => {
                keys.iter().for_each(|it| self.expr(&it.value));
                self.expr(within);
            }
            StepKind::Window(Window::Tumbling(size) | Window::Session(size)) => self.expr(size),
            StepKind::Window(Window::Hopping(size, every)) => {
                self.expr(size);
                self.expr(every);
            }
            StepKind::Group { keys, aggregates, .. } => {
                keys.iter().for_each(|it| self.expr(&it.value));
                self.record(Some(aggregates));
            }
            StepKind::Route(branches) => branches.iter().flat_map(|it| &it.condition).for_each(|it| self.expr(it)),
            StepKind::Repartition { keys, options } => {
                keys.iter().for_each(|it| self.expr(&it.value));
                self.record(options.as_ref());
            }
            StepKind::AsEvents { options } | StepKind::AsTable { options, .. } => self.record(options.as_ref()),
        }
    }
}
