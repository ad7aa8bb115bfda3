//! Everything that declarations are checked against: the index of names, and what is known of types, functions,
//! parameters and connections. Filled once, in that order; read-only while nodes are checked.

use std::collections::BTreeMap;

use pipewright_grammar::{SourceId, Span, ast};
use pipewright_plan::{Connection, ConnectorSpec, Expr, ExprKind, OptionValue, Origin, Role, Type};

use crate::{
    editor::facts::{Facts, Notes},
    environment::Environment,
    expressions::{ExprContext, ParamValue, UserFunction},
    index::Index,
    registry::Registry,
    source::Sources,
};

/// What is known of a program's declarations.
pub(crate) struct Context<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) registry: &'a Registry,
    pub(crate) environment: &'a Environment,
    pub(crate) index: Index<'a>,
    pub(crate) types: BTreeMap<String, DeclaredType>,
    pub(crate) functions: BTreeMap<String, UserFunction>,
    pub(crate) params: BTreeMap<String, ParamValue>,
    pub(crate) connections: BTreeMap<String, DeclaredConnection>,
    /// Where facts for an editor are noted, if one asks.
    pub(crate) notes: Option<&'a Notes>,
}

/// A `type` declaration.
pub(crate) struct DeclaredType {
    /// What it stands for; unknown if it is broken.
    pub(crate) ty: Type,
    /// Where its name stands.
    pub(crate) span: Span,
    /// Where its top-level fields stand, by name.
    pub(crate) fields: BTreeMap<String, Span>,
}

/// A `connection` declaration, with what the environment says of it.
pub(crate) struct DeclaredConnection {
    pub(crate) plan: Connection,
    pub(crate) spec: &'static ConnectorSpec,
    /// Where its name stands.
    pub(crate) span: Span,
}

impl DeclaredConnection {
    /// An in-process cluster.
    pub(crate) fn embedded(&self) -> bool {
        self.spec.role == Role::Cluster && self.plan.options.get("embedded") == Some(&OptionValue::Bool(true))
    }
}

impl<'a> Context<'a> {
    /// Names only; the rest is filled in by the modules that own it.
    pub(crate) fn new(
        sources: &'a Sources,
        registry: &'a Registry,
        environment: &'a Environment,
        index: Index<'a>,
        notes: Option<&'a Notes>,
    ) -> Self {
        Self {
            sources,
            registry,
            environment,
            index,
            types: BTreeMap::new(),
            functions: BTreeMap::new(),
            params: BTreeMap::new(),
            connections: BTreeMap::new(),
            notes,
        }
    }

    /// What expressions are checked against.
    pub(crate) fn expressions(&self) -> ExprContext<'_> {
        ExprContext {
            sources: self.sources,
            registry: self.registry,
            functions: &self.functions,
            params: &self.params,
            notes: self.notes,
        }
    }

    /// Notes a fact for an editor, if one asks.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Facts)) {
        if let Some(notes) = self.notes {
            note(&mut notes.borrow_mut());
        }
    }

    /// Notes that fields of these names are the same fields.
    pub(crate) fn note_joined(&self, one: &BTreeMap<String, Span>, other: &BTreeMap<String, Span>) {
        self.note(|facts| {
            let both = one.iter().filter_map(|(name, span)| Some((*span, *other.get(name)?)));
            facts.joined.extend(both.filter(|(one, other)| one != other));
        });
    }

    /// An expression as it was written; a field that stands there by default is its name.
    pub(crate) fn written(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Column(name) => name.clone(),
            _ => {
                let source = SourceId(expr.origin.file);
                self.sources.text(Span { source, start: expr.origin.start, end: expr.origin.end }).to_string()
            }
        }
    }

    /// A span as the plan keeps it.
    pub(crate) fn origin(&self, span: Span) -> Origin {
        self.sources.origin(span)
    }

    /// The text of a doc comment.
    pub(crate) fn doc(doc: &Option<ast::Doc>) -> Option<String> {
        doc.as_ref().map(|it| it.text.clone())
    }
}
