//! What the checker notes down for an editor while it checks: types of expressions, what a name stood for, what flowed in and
//! out of each step and node.
//!
//! Filled only by [`analyse`](super::analyse): a plain compilation notes nothing and pays one test per expression. Spans are
//! bytes. What was noted is true of the program as it was checked; a part behind a mistake leaves no note.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use pipewright_grammar::Span;
use pipewright_plan::{Field, Kind, Partitioner, Type};

use crate::flow::Flow;

/// The word that stands where the cursor is while a completion is looked for; see [`super::complete`].
pub(crate) const CURSOR: &str = "pipewright_cursor_here";

/// What a name inside an expression stood for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// A field, by the place that declared it.
    Field(Span),
    /// A field of which only the name is known.
    Bare(String),
    /// A parameter of the function around it, by its place.
    Local(Span),
    /// A parameter of the program.
    Param,
    /// A function of the program.
    Function,
    /// A function of the library.
    Library,
}

/// The record at some point.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its fields.
    pub fields: Vec<Field>,
    /// Where they were declared or computed, by name.
    pub declared: BTreeMap<String, Span>,
    /// Append or changelog.
    pub kind: Kind,
    /// False: it comes from something broken.
    pub known: bool,
    /// `meta.*` can be read there.
    pub meta: bool,
}

impl Shape {
    pub(crate) fn of(flow: &Flow) -> Self {
        Self {
            fields: flow.schema.fields.clone(),
            declared: flow.declared.clone(),
            kind: flow.kind.clone(),
            known: flow.known,
            meta: !flow.reads_source(),
        }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A step with the record before and after it.
#[derive(Clone, Debug)]
pub struct StepShape {
    /// The step.
    pub span: Span,
    /// Its keyword.
    pub keyword: Span,
    /// What flows in.
    pub before: Shape,
    /// What flows out.
    pub after: Shape,
}

/// A node with its record.
#[derive(Clone, Debug)]
pub struct NodeShape {
    /// What flows out of it; for a sink, what flows in.
    pub shape: Shape,
    /// Of a topic that could be read.
    pub placement: Option<Placement>,
}

/// How a topic places its records.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The message key, as it was written or defaulted.
    pub key: Vec<String>,
    /// The partition key, as it was written or defaulted.
    pub by: Vec<String>,
    /// The function from it to a partition.
    pub partitioner: Partitioner,
    /// How many partitions, if the program says so.
    pub count: Option<u32>,
}

/// What can be named where the cursor is.
#[derive(Clone, Debug, Default)]
pub(crate) struct AtCursor {
    /// Names with their types: fields, parameters of the function.
    pub(crate) names: Vec<(String, Type)>,
    /// The type that the surroundings would like.
    pub(crate) wanted: Option<Type>,
    /// `meta` can be read.
    pub(crate) meta: bool,
    /// After a dot: the names are the parts of the value before it.
    pub(crate) member: bool,
}

/// Everything that was noted.
#[derive(Debug, Default)]
pub struct Facts {
    pub(crate) at_cursor: Option<AtCursor>,
    types: HashMap<Span, Type>,
    pub(crate) uses: HashMap<Span, Use>,
    /// Fields that are one by two places of declaration.
    pub(crate) joined: Vec<(Span, Span)>,
    pub(crate) steps: Vec<StepShape>,
    pub(crate) nodes: BTreeMap<String, NodeShape>,
}

/// Where facts are noted, if anybody wants them.
pub(crate) type Notes = RefCell<Facts>;

impl Facts {
    /// The type of an expression. The first note stands: what a call writes out again later is the same.
    pub(crate) fn note_type(&mut self, span: Span, ty: &Type) {
        if !ty.is_unknown() {
            self.types.entry(span).or_insert_with(|| ty.clone());
        }
    }

    pub(crate) fn note_use(&mut self, span: Span, what: Use) {
        self.uses.entry(span).or_insert(what);
    }

    /// The smallest expression around a place that has a type.
    pub fn type_at(&self, source: pipewright_grammar::SourceId, at: u32) -> Option<(Span, &Type)> {
        let around = |span: &&Span| span.source == source && span.start <= at && at <= span.end;
        let smallest = self.types.keys().filter(around).min_by_key(|span| span.end - span.start)?;
        Some((*smallest, self.types.get(smallest)?))
    }

    /// The type of the expression at exactly this place.
    pub fn type_of(&self, span: Span) -> Option<&Type> {
        self.types.get(&span)
    }

    /// What flows out of a node; into it, for a sink.
    pub fn node(&self, name: &str) -> Option<&NodeShape> {
        self.nodes.get(name)
    }

    /// Every step that was reached.
    pub fn steps(&self) -> &[StepShape] {
        &self.steps
    }
}
