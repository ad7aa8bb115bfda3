//! Everything that declarations are checked against: the index of names, and what is known of types, functions,
//! parameters and connections. Filled once, in that order; read-only while nodes are checked.

use std::collections::BTreeMap;

use pipewright_grammar::{Span, ast};
use pipewright_plan::{Connection, ConnectorSpec, OptionValue, Origin, Role, Type};

use crate::{
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
    /// Something in it could not be read: nobody knows its options.
    pub(crate) incomplete: bool,
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
        }
    }

    /// What expressions are checked against.
    pub(crate) fn expressions(&self) -> ExprContext<'_> {
        ExprContext { sources: self.sources, registry: self.registry, functions: &self.functions, params: &self.params }
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
