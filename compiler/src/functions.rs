//! User functions: their signatures, and who calls whom. Bodies are checked by the expression checker.

use std::collections::BTreeMap;

use pipewright_grammar::{
    Span,
    ast::{ExprKind, Name},
};
use pipewright_plan::Type;

use crate::{
    context::Context,
    diagnostics::{DeclarationCycle, Diagnostics, DuplicateField, ShadowedName},
    expressions::{self, ParamValue, UserFunction},
    graph,
    index::Namespace,
    types::written,
    walk,
};

/// Fills [`Context::functions`] (signatures; a function in a cycle is broken).
pub(crate) fn declare(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let declared = context.index.functions.clone();
    let positions: BTreeMap<&str, usize> =
        declared.iter().enumerate().map(|(at, it)| (it.part.name.text.as_str(), at)).collect();
    let edges: Vec<Vec<usize>> = declared
        .iter()
        .map(|it| {
            let mut calls = vec![];
            walk::expressions(&it.part.body, &mut |expr| {
                if let ExprKind::Call { callee, .. } = &expr.kind
                    && let ExprKind::Name(name) = &callee.kind
                    && let Some(at) = positions.get(name.text.as_str())
                {
                    calls.push(*at);
                }
            });
            calls
        })
        .collect();
    let order = graph::order(&edges);
    for cycle in &order.cycles {
        let members = cycle.iter().filter_map(|at| declared.get(*at));
        let members = members.map(|it| (it.part.name.text.clone(), it.part.name.span)).collect();
        diagnostics.emit(DeclarationCycle { what: "function", members });
    }
    for (at, it) in declared.iter().enumerate() {
        let function = it.part;
        shadows(&function.name, context, diagnostics);
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let mut params: Vec<(Name, Type)> = vec![];
        for param in &function.params {
            if let Some(first) = seen.insert(&param.name.text, param.name.span) {
                let (name, span) = (param.name.text.clone(), param.name.span);
                diagnostics.emit(DuplicateField { what: "parameter", name, span, first });
            }
            params.push((param.name.clone(), written(&param.ty, context, diagnostics)));
        }
        let result = written(&function.result, context, diagnostics);
        let ok = !order.cycles.iter().any(|cycle| cycle.contains(&at));
        let user = UserFunction { name: function.name.clone(), params, result, body: function.body.clone(), ok };
        context.functions.insert(function.name.text.clone(), user);
    }
    for name in context.index.broken(Namespace::Values).collect::<Vec<_>>() {
        let at = Name { text: name.to_string(), span: Span::default() };
        // Whether it was a function or a parameter is not known: it is both, of unknown type.
        let body = pipewright_grammar::ast::Expr { kind: ExprKind::Error, span: Span::default() };
        let function = UserFunction { name: at.clone(), params: vec![], result: Type::unknown(), body, ok: false };
        context.functions.entry(name.to_string()).or_insert(function);
        context.params.entry(name.to_string()).or_insert(ParamValue { name: at, ty: Type::unknown(), value: None });
    }
}

/// Checks every body against its declared result.
pub(crate) fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for declared in &context.index.functions {
        if let Some(function) = context.functions.get(&declared.part.name.text)
            && function.ok
        {
            expressions::check_function(function, &context.expressions(), diagnostics);
        }
    }
}

/// A name that the function library has already.
fn shadows(name: &Name, context: &Context<'_>, diagnostics: &mut Diagnostics) {
    if context.registry.function(&name.text).is_some() {
        diagnostics.emit(ShadowedName { name: name.text.clone(), span: name.span });
    }
}
