//! `derive`, `select`, `drop`, `rename`: the shape of the record. `drop` and `rename` become `select`.
//!
//! On a changelog the fields of K stay what they are: a delete carries nothing else.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_grammar::{
    Span,
    ast::{self, Binding, ExprKind, Item, Name, Path},
};
use pipewright_plan::{Assignment, Expr, Field, Kind, Schema, StepKind, Type};

use super::Chain;
use crate::{
    diagnostics::{ChangelogKeyAssigned, ChangelogKeyDropped, Diagnostics, DuplicateField, MissingName, NotYet},
    expressions::{self, GoneColumn, Scope, ScopeColumn},
};

/// A field of the record after a `select`.
struct Picked {
    name: Name,
    value: Expr,
    doc: Option<String>,
}

impl Chain<'_, '_, '_> {
    /// `derive a = EXPR, …`: one after the other, each sees those before it.
    pub(super) fn derive(&mut self, bindings: &[Binding], diagnostics: &mut Diagnostics) -> Option<StepKind> {
        let mut assignments = vec![];
        let mut scope = self.flow.scope();
        for binding in bindings {
            let name = &binding.name;
            let value = expressions::check(&binding.value, &scope, None, &self.context.expressions(), diagnostics);
            if let Kind::Changelog { key, .. } = &self.flow.kind
                && key.contains(&name.text)
            {
                diagnostics.emit(ChangelogKeyAssigned {
                    name: name.text.clone(),
                    span: name.span,
                    decided: self.flow.kind_span,
                });
                continue;
            }
            let mut field = self.computed(&name.text, &value, binding.value.span, &scope, diagnostics);
            field.doc = binding.doc.as_ref().map(|it| it.text.clone());
            let copied = match &value.kind {
                pipewright_plan::ExprKind::Column(from) => Some(from.clone()),
                _ => None,
            };
            self.note(&value, name.span);
            let unstable = self.flow.is_unstable(&value);
            let old = scope.place(&name.text);
            // Of a new field nothing is known that could be forgotten.
            if old.is_some() && copied.as_deref() != Some(name.text.as_str()) {
                self.flow.forget(&name.text);
            }
            if unstable {
                self.flow.unstable.insert(name.text.clone());
            }
            if let Some(from) = copied {
                self.flow.copy(&from, &name.text);
            }
            scope.set(ScopeColumn {
                name: name.text.clone(),
                ty: field.ty.clone(),
                declared: Some(name.span),
                narrowed: self.flow.narrowed.contains(&name.text),
            });
            match old.and_then(|at| self.flow.schema.fields.get_mut(at)) {
                Some(old) => *old = field,
                None => self.flow.schema.fields.push(field),
            }
            if let Some(old) = self.flow.declared.insert(name.text.clone(), name.span) {
                // The field is replaced: under another name there would be two.
                self.context.note(|facts| facts.joined.push((old, name.span)));
            }
            assignments.push(Assignment { name: name.text.clone(), value });
        }
        Some(StepKind::Derive(assignments))
    }

    /// `select a, b = EXPR, …`: all over the record before.
    pub(super) fn select(
        &mut self,
        items: &[Item],
        step: &ast::Step,
        diagnostics: &mut Diagnostics,
    ) -> Option<StepKind> {
        let scope = self.flow.scope();
        let mut picked = vec![];
        for item in items {
            let value = expressions::check(&item.value, &scope, None, &self.context.expressions(), diagnostics);
            let name = match (&item.name, last_part(&item.value)) {
                (Some(name), _) => name.clone(),
                (None, Some(name)) => {
                    // The same field under the same name, although it is listed anew.
                    if let Some(old) = self.flow.declared.get(&name.text).filter(|_| item.value.span == name.span) {
                        self.context.note(|facts| facts.joined.push((*old, name.span)));
                    }
                    name.clone()
                }
                (None, None) => {
                    if !matches!(item.value.kind, ExprKind::Error) {
                        diagnostics.emit(MissingName { span: item.value.span, step: "select" });
                    }
                    // The field cannot be named, so nothing can be said about what is missing after it.
                    self.flow.known = false;
                    continue;
                }
            };
            picked.push(Picked { name, value, doc: None });
        }
        self.reshape(picked, step.keyword, diagnostics)
    }

    /// `drop a, b`
    pub(super) fn drop(&mut self, paths: &[Path], step: &ast::Step, diagnostics: &mut Diagnostics) -> Option<StepKind> {
        let mut gone = BTreeSet::new();
        let scope = self.flow.scope();
        for path in paths {
            if let Some(name) = self.top_level(path, "dropping a field inside a field", &scope, diagnostics) {
                gone.insert(name.text.clone());
            }
        }
        let kept: Vec<Picked> =
            self.flow.schema.fields.iter().filter(|it| !gone.contains(&it.name)).map(|it| self.keep(it)).collect();
        self.reshape(kept, step.keyword, diagnostics)
    }

    /// `rename a to b, …`
    pub(super) fn rename(
        &mut self,
        pairs: &[(Path, Name)],
        step: &ast::Step,
        diagnostics: &mut Diagnostics,
    ) -> Option<StepKind> {
        let mut renamed: BTreeMap<String, Name> = BTreeMap::new();
        let scope = self.flow.scope();
        for (path, to) in pairs {
            if let Some(name) = self.top_level(path, "renaming a field inside a field", &scope, diagnostics) {
                renamed.insert(name.text.clone(), to.clone());
            }
        }
        let fields: Vec<Picked> = self
            .flow
            .schema
            .fields
            .iter()
            .map(|field| {
                let mut picked = self.keep(field);
                if let Some(to) = renamed.get(&field.name) {
                    picked.name = to.clone();
                }
                picked
            })
            .collect();
        self.reshape(fields, step.keyword, diagnostics)
    }

    /// A field as it is.
    fn keep(&self, field: &Field) -> Picked {
        let kind = pipewright_plan::ExprKind::Column(field.name.clone());
        let span = self.flow.declared.get(&field.name).copied().unwrap_or(self.flow.kind_span);
        Picked {
            name: Name { text: field.name.clone(), span },
            value: Expr { kind, ty: field.ty.clone(), origin: self.context.origin(span) },
            doc: field.doc.clone(),
        }
    }

    /// A path that must be a field of the record itself; unknown ones are reported as in any expression.
    fn top_level<'p>(
        &self,
        path: &'p Path,
        what: &str,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<&'p Name> {
        let name = path.parts.first()?;
        if let Some(inner) = path.parts.get(1) {
            diagnostics.emit(NotYet { what: what.to_string(), span: inner.span });
            return None;
        }
        let expr = ast::Expr { kind: ExprKind::Name(name.clone()), span: name.span };
        let value = expressions::check(&expr, scope, None, &self.context.expressions(), diagnostics);
        (!value.ty.is_unknown()).then_some(name)
    }

    /// The record is these fields from now on.
    fn reshape(&mut self, picked: Vec<Picked>, keyword: Span, diagnostics: &mut Diagnostics) -> Option<StepKind> {
        let mut fields: Vec<Field> = vec![];
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        // Old names of fields that are passed on, with their new ones.
        let mut passed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut unstable = BTreeSet::new();
        let mut assignments = vec![];
        let scope = self.flow.scope();
        for Picked { name, value, doc } in picked {
            if let Some(first) = seen.get(&name.text) {
                let (text, span, first) = (name.text.clone(), name.span, *first);
                diagnostics.emit(DuplicateField { what: "field", name: text, span, first });
                continue;
            }
            seen.insert(name.text.clone(), name.span);
            let column = match &value.kind {
                pipewright_plan::ExprKind::Column(column) => {
                    scope.place(column).and_then(|at| self.flow.schema.fields.get(at))
                }
                _ => None,
            };
            let field = match column {
                Some(old) => {
                    passed.entry(old.name.clone()).or_default().insert(name.text.clone());
                    let wire_name = if old.name == name.text { old.wire_name.clone() } else { None };
                    Field { name: name.text.clone(), wire_name, ty: value.ty.clone(), ..old.clone() }
                }
                None => self.computed(&name.text, &value, name.span, &scope, diagnostics),
            };
            self.note(&value, name.span);
            if self.flow.is_unstable(&value) {
                unstable.insert(name.text.clone());
            }
            fields.push(Field { doc: doc.or(field.doc.clone()), ..field });
            assignments.push(Assignment { name: name.text, value });
        }
        let renamed = |field: &String| {
            let names = passed.get(field)?;
            names.get(field).or_else(|| names.first()).cloned()
        };
        match &mut self.flow.kind {
            Kind::Changelog { key, .. } => {
                let missing: Vec<String> = key.iter().filter(|it| renamed(it).is_none()).cloned().collect();
                if !missing.is_empty() {
                    if self.flow.known {
                        diagnostics.emit(ChangelogKeyDropped {
                            key: missing,
                            span: keyword,
                            decided: self.flow.kind_span,
                        });
                    }
                    self.flow.known = false;
                    return None;
                }
                *key = key.iter().filter_map(renamed).collect();
            }
            Kind::Append { unique } => {
                *unique = unique.take().and_then(|fields| fields.iter().map(renamed).collect());
            }
        }
        for root in &mut self.flow.roots {
            for names in root.carried.values_mut() {
                *names = names.iter().filter_map(|name| passed.get(name)).flatten().cloned().collect();
            }
        }
        let mut gone = vec![];
        for field in &self.flow.schema.fields {
            let names = passed.get(&field.name);
            if names.is_none_or(|names| !names.contains(&field.name)) {
                let renamed_to = names.and_then(|names| names.first()).cloned();
                gone.push(GoneColumn { name: field.name.clone(), span: keyword, renamed_to });
            }
        }
        self.flow.gone.retain(|it| scope.place(&it.name).is_none());
        self.flow.gone.extend(gone);
        self.flow.narrowed = self.flow.narrowed.iter().filter_map(|name| passed.get(name)).flatten().cloned().collect();
        self.flow.unstable = unstable;
        self.flow.declared = seen;
        self.flow.schema = Schema::new(fields);
        Some(StepKind::Select(assignments))
    }

    /// Remembers what makes values differ from run to run.
    fn note(&mut self, value: &Expr, span: Span) {
        if let pipewright_plan::ExprKind::Call { function, .. } = &value.kind
            && pipewright_plan::is_nondeterministic(function)
        {
            let (line, _) = self.context.sources.position(span);
            self.flow.nondeterministic.push(format!("`{function}()` in line {line} gives another value in every run"));
        }
        for child in value.children() {
            self.note(child, span);
        }
    }

    /// The type of a field now.
    pub(super) fn field_type(&self, name: &str) -> Option<&Type> {
        self.flow.schema.field(name).map(|it| &it.ty)
    }
}

/// The name that a path gives to a field.
fn last_part(expr: &ast::Expr) -> Option<&Name> {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Member(_, name) => Some(name),
        _ => None,
    }
}
