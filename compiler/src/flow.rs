//! What flows out of a node: its fields, its kind, and where its records come from.
//!
//! A flow that is not `known` comes from something that has been reported; nothing is said about what reads it.

use std::collections::{BTreeMap, BTreeSet};

use pipewright_grammar::Span;
use pipewright_plan::{Expr, ExprKind, Kind, Meta, Partitioning, Schema, determines, is_nondeterministic};

use crate::{
    expressions::{GoneColumn, Scope, ScopeColumn},
    index::NodeRole,
};

/// What flows out of a node.
#[derive(Clone)]
pub(crate) struct Flow {
    /// False: broken, and reported.
    pub(crate) known: bool,
    pub(crate) schema: Schema,
    /// Where fields were declared or computed, by name.
    pub(crate) declared: BTreeMap<String, Span>,
    pub(crate) kind: Kind,
    /// Where the kind was decided: the node's name or a step.
    pub(crate) kind_span: Span,
    /// The topics and sources that the records come from.
    pub(crate) roots: Vec<Root>,
    /// Why its values may differ from run to run.
    pub(crate) nondeterministic: Vec<String>,
    /// Fields that earlier steps took away.
    pub(crate) gone: Vec<GoneColumn>,
    /// Fields that a condition has shown not to be null.
    pub(crate) narrowed: BTreeSet<String>,
    /// Fields that have another value in every run.
    pub(crate) unstable: BTreeSet<String>,
    /// What of `meta` is known not to be null.
    pub(crate) meta_known: Vec<Meta>,
}

/// A topic or source that records come from.
#[derive(Clone)]
pub(crate) struct Root {
    pub(crate) name: String,
    pub(crate) role: NodeRole,
    /// Fields of the root that are still there unchanged, with the names they have now.
    pub(crate) carried: BTreeMap<String, BTreeSet<String>>,
}

impl Flow {
    /// What comes out of something broken.
    pub(crate) fn unknown(span: Span) -> Self {
        Self {
            known: false,
            schema: Schema::default(),
            declared: BTreeMap::new(),
            kind: Kind::APPEND,
            kind_span: span,
            roots: vec![],
            nondeterministic: vec![],
            gone: vec![],
            narrowed: BTreeSet::new(),
            unstable: BTreeSet::new(),
            meta_known: vec![],
        }
    }

    /// What comes out of a topic or a source.
    pub(crate) fn root(
        name: &str,
        role: NodeRole,
        schema: Schema,
        declared: BTreeMap<String, Span>,
        kind: Kind,
        span: Span,
    ) -> Self {
        let carried = schema.fields.iter().map(|it| (it.name.clone(), BTreeSet::from([it.name.clone()]))).collect();
        let roots = vec![Root { name: name.to_string(), role, carried }];
        Self { known: true, schema, declared, kind, roots, ..Self::unknown(span) }
    }

    /// Reads a source, not a topic.
    pub(crate) fn reads_source(&self) -> bool {
        self.roots.iter().any(|root| root.role == NodeRole::Source)
    }

    /// Its fields, as expressions see them.
    pub(crate) fn scope(&self) -> Scope {
        let mut scope = Scope::from_schema(&self.schema, !self.reads_source());
        for column in scope.columns_mut() {
            let ScopeColumn { name, declared, narrowed, .. } = column;
            *declared = self.declared.get(name.as_str()).copied();
            *narrowed = self.narrowed.contains(name);
        }
        scope.meta_known.clone_from(&self.meta_known);
        scope.gone = self.gone.iter().filter(|it| scope.place(&it.name).is_none()).cloned().collect();
        scope
    }

    /// The fields that identify a row: K, or those marked `@key`.
    pub(crate) fn identity(&self) -> Vec<String> {
        match &self.kind {
            Kind::Changelog { key, .. } => key.clone(),
            Kind::Append { .. } => self.schema.fields.iter().filter(|it| it.key).map(|it| it.name.clone()).collect(),
        }
    }

    /// There are fields that identify a row.
    pub(crate) fn has_identity(&self) -> bool {
        match &self.kind {
            Kind::Changelog { key, .. } => !key.is_empty(),
            Kind::Append { .. } => self.schema.fields.iter().any(|it| it.key),
        }
    }

    /// The fields that never change for this key; none if the key does not identify the row.
    pub(crate) fn fixed_for(&self, key: &[String]) -> Vec<String> {
        let identity = self.identity();
        if identity.is_empty() || !identity.iter().all(|it| key.contains(it)) {
            return vec![];
        }
        self.schema.fields.iter().filter(|it| it.fixed).map(|it| it.name.clone()).collect()
    }

    /// The first topic for which this key does not determine the partition.
    pub(crate) fn scattered<'t>(
        &self,
        key: &[String],
        partitioning: &dyn Fn(&str) -> Option<&'t Partitioning>,
    ) -> Option<&Root> {
        let fixed = self.fixed_for(key);
        self.roots.iter().find(|root| {
            let rename = |field: &str| {
                let names = root.carried.get(field)?;
                names.iter().find(|it| key.contains(it) || fixed.contains(it)).or_else(|| names.first()).cloned()
            };
            partitioning(&root.name).is_some_and(|it| !determines(key, it, &fixed, &rename))
        })
    }

    /// Whether a value differs from run to run, by itself or through a field.
    pub(crate) fn is_unstable(&self, value: &Expr) -> bool {
        calls_or_reads(value, &self.unstable)
    }

    /// A field is computed anew: what was known of its old value is forgotten.
    pub(crate) fn forget(&mut self, field: &str) {
        self.narrowed.remove(field);
        self.unstable.remove(field);
        for root in &mut self.roots {
            for names in root.carried.values_mut() {
                names.remove(field);
            }
        }
        if let Kind::Append { unique } = &mut self.kind
            && unique.as_ref().is_some_and(|fields| fields.iter().any(|it| it == field))
        {
            *unique = None;
        }
    }

    /// A new field holds what another one holds.
    pub(crate) fn copy(&mut self, from: &str, to: &str) {
        for root in &mut self.roots {
            for names in root.carried.values_mut().filter(|names| names.contains(from)) {
                names.insert(to.to_string());
            }
        }
    }
}

fn calls_or_reads(value: &Expr, unstable: &BTreeSet<String>) -> bool {
    let here = match &value.kind {
        ExprKind::Call { function, .. } => is_nondeterministic(function),
        ExprKind::Column(name) => unstable.contains(name),
        _ => false,
    };
    here || value.children().into_iter().any(|child| calls_or_reads(child, unstable))
}
