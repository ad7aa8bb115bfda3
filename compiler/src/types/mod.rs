//! Types: what the program's `type` declarations stand for. Aliases are followed, in an order that needs no recursion over
//! declarations; a cycle is a finding and its members are unknown.

mod annotations;
mod written;

use std::collections::BTreeMap;

use pipewright_grammar::{
    Span,
    ast::{TypeExpr, TypeExprKind, TypeValue},
};
use pipewright_plan::{Base, Type};

#[cfg(test)]
pub(crate) use annotations::KNOWN as ANNOTATIONS;
pub(crate) use written::{PLAIN, suggestion, written};

use crate::{
    context::{Context, DeclaredType},
    diagnostics::{DeclarationCycle, Diagnostics, NotYet, TypeTooLarge},
    graph,
};

/// More fields than this in one type, counted through all nested records, is a mistake (or an attack).
const MAX_FIELDS: usize = 10_000;

/// Fills [`Context::types`].
pub(crate) fn declare(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let declared = context.index.types.clone();
    let positions: BTreeMap<&str, usize> =
        declared.iter().enumerate().map(|(at, it)| (it.part.name.text.as_str(), at)).collect();
    let edges: Vec<Vec<usize>> = declared
        .iter()
        .map(|it| match &it.part.value {
            TypeValue::Written(ty) => {
                let mut names = vec![];
                mentioned(ty, &mut names);
                names.iter().filter_map(|name| positions.get(name)).copied().collect()
            }
            TypeValue::Imported { .. } | TypeValue::Table { .. } => vec![],
        })
        .collect();
    let order = graph::order(&edges);
    for cycle in &order.cycles {
        let members = cycle.iter().filter_map(|at| declared.get(*at));
        let members: Vec<(String, Span)> = members.map(|it| (it.part.name.text.clone(), it.part.name.span)).collect();
        diagnostics.emit(DeclarationCycle { what: "type", members });
    }
    for at in order.sorted {
        let Some(declaration) = declared.get(at) else { continue };
        let name = &declaration.part.name;
        let in_cycle = order.cycles.iter().any(|cycle| cycle.contains(&at));
        let mut fields = BTreeMap::new();
        let ty = match &declaration.part.value {
            TypeValue::Written(ty) if in_cycle => {
                // What else is wrong with it is news all the same.
                written(ty, context, diagnostics);
                Type::unknown()
            }
            _ if context.index.is_incomplete(declaration.declaration.span) => Type::unknown(),
            TypeValue::Written(ty) => {
                if let TypeExprKind::Record(list) = &ty.kind {
                    fields = list.iter().map(|it| (it.name.text.clone(), it.name.span)).collect();
                } else if let TypeExprKind::Name(alias) = &ty.kind {
                    fields = context.types.get(alias).map(|it| it.fields.clone()).unwrap_or_default();
                }
                let resolved = written(ty, context, diagnostics);
                if size(&resolved) > MAX_FIELDS {
                    diagnostics.emit(TypeTooLarge { name: name.text.clone(), span: name.span, limit: MAX_FIELDS });
                    Type::unknown()
                } else {
                    resolved
                }
            }
            TypeValue::Imported { format, .. } => {
                diagnostics
                    .emit(NotYet { what: format!("importing a type with `{}`", format.text), span: format.span });
                Type::unknown()
            }
            TypeValue::Table { span, .. } => {
                diagnostics.emit(NotYet { what: "importing a type with `table`".into(), span: *span });
                Type::unknown()
            }
        };
        context.types.insert(name.text.clone(), DeclaredType { ty, span: name.span, fields });
    }
}

/// The names a written type mentions.
fn mentioned<'a>(ty: &'a TypeExpr, names: &mut Vec<&'a str>) {
    match &ty.kind {
        TypeExprKind::Name(name) => names.push(name),
        TypeExprKind::Decimal { .. } | TypeExprKind::Set(_) | TypeExprKind::Error => {}
        TypeExprKind::List(element) => mentioned(element, names),
        TypeExprKind::Map(key, value) => {
            mentioned(key, names);
            mentioned(value, names);
        }
        TypeExprKind::Record(fields) => fields.iter().for_each(|field| mentioned(&field.ty, names)),
    }
}

/// How many fields a type holds, through all nesting.
fn size(ty: &Type) -> usize {
    match &ty.base {
        Base::List(element) | Base::Map(element) => size(element),
        Base::Record(fields) => fields.iter().map(|field| 1 + size(&field.ty)).sum(),
        _ => 1,
    }
}
