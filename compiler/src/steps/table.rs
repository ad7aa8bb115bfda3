//! `as events` and `as table by K`: from versions of rows to facts, and back.

use pipewright_grammar::{
    Span,
    ast::{self, ExprKind, Path},
};
use pipewright_plan::{Base, Field, Kind, OptionSpec, OptionType, StepKind};

use super::Chain;
use crate::{
    diagnostics::{Diagnostics, DuplicateField, NotYet, PointlessStep, TableOrder},
    expressions,
    index::NodeRole,
    keys, nodes, options,
};

pub(crate) const EVENTS: &[OptionSpec] = &[nodes::option(
    "only",
    OptionType::Choice(&["puts"]),
    None,
    "With `puts`, deletes are left out, and there is no field `op`.",
)];

impl Chain<'_, '_, '_> {
    /// `as events { only = puts }`
    pub(super) fn as_events(
        &mut self,
        record: Option<&ast::Record>,
        step: &ast::Step,
        diagnostics: &mut Diagnostics,
    ) -> Option<StepKind> {
        let block = options::check(record, step.keyword, &[EVENTS], "`as events`", self.context, diagnostics);
        let only_puts = block.word("only") == Some("puts");
        let Kind::Changelog { key, deletes, .. } = &self.flow.kind else {
            let decided = self.flow.kind_span;
            diagnostics.emit(PointlessStep { what: "facts already", step: "as events", span: step.span, decided });
            return None;
        };
        if !only_puts {
            if let Some(first) = self.flow.declared.get("op") {
                let name = "op".to_string();
                diagnostics.emit(DuplicateField { what: "field", name, span: step.keyword, first: *first });
                self.flow.known = false;
                return None;
            }
            for field in self.flow.schema.fields.iter_mut().filter(|it| *deletes && !key.contains(&it.name)) {
                field.ty.nullable |= !field.ty.is_unknown();
            }
            let members = vec!["put".to_string(), "delete".to_string()];
            self.flow.schema.fields.push(Field::new("op", Base::Set(members).required()));
            self.flow.declared.insert("op".into(), step.keyword);
        }
        self.flow.kind = Kind::APPEND;
        self.flow.kind_span = step.keyword;
        for field in &mut self.flow.schema.fields {
            field.key = false;
        }
        Some(StepKind::AsEvents { only_puts })
    }

    /// `as table by a, b`: from here on, the last record per key is the row.
    pub(super) fn as_table(
        &mut self,
        paths: &[Path],
        record: Option<&ast::Record>,
        step: &ast::Step,
        diagnostics: &mut Diagnostics,
    ) -> Option<StepKind> {
        options::check(record, step.keyword, &[], "`as table`", self.context, diagnostics);
        if let Kind::Changelog { .. } = &self.flow.kind {
            let decided = self.flow.kind_span;
            diagnostics.emit(PointlessStep {
                what: "versions of rows already",
                step: "as table",
                span: step.span,
                decided,
            });
            return None;
        }
        let mut key: Vec<(String, Span)> = vec![];
        for path in paths {
            let Some(name) = path.parts.first() else { continue };
            if let Some(inner) = path.parts.get(1) {
                diagnostics.emit(NotYet { what: "a key inside a field".into(), span: inner.span });
                self.flow.known = false;
                continue;
            }
            let expr = ast::Expr { kind: ExprKind::Name(name.clone()), span: name.span };
            let value = expressions::check(&expr, &self.flow.scope(), None, &self.context.expressions(), diagnostics);
            if value.ty.is_unknown() || self.field_type(&name.text).is_none() {
                self.flow.known = false;
                continue;
            }
            if let Some((_, first)) = key.iter().find(|(known, _)| *known == name.text) {
                let (text, first) = (name.text.clone(), *first);
                diagnostics.emit(DuplicateField { what: "field", name: text, span: name.span, first });
                continue;
            }
            key.push((name.text.clone(), name.span));
        }
        if !self.flow.known || key.is_empty() {
            return None;
        }
        keys::check_fields(&key, &self.flow, "the key of a table", diagnostics);
        let names: Vec<String> = key.iter().map(|(name, _)| name.clone()).collect();
        if let Some(root) = self.flow.scattered(&names, self.placement) {
            let topic = self.context.index.node(&root.name);
            let span = key.first().map_or(step.keyword, |(_, span)| *span);
            diagnostics.emit(TableOrder {
                key: names.clone(),
                topic: root.name.clone(),
                span,
                topic_span: topic.map_or(step.keyword, |it| it.node.name.span),
            });
            // Told once: an upsert further on is not blamed for the same.
            self.flow.roots.retain(|root| root.role == NodeRole::Source);
        }
        // Told once: the same key further on is not blamed again.
        self.flow.unstable.retain(|it| !names.contains(it));
        for field in &mut self.flow.schema.fields {
            field.key = names.contains(&field.name);
        }
        self.flow.kind = Kind::Changelog { key: names.clone(), deletes: false, before: false };
        self.flow.kind_span = step.keyword;
        Some(StepKind::AsTable { key: names })
    }
}
