//! Which cell holds what: fields of the payload that the program uses, what Kafka knows, and computed fields, in this order.
//!
//! A cell is written once per record and never reused for something else, so branches of one record share a row.
//! The number of payload cells is known only after everything was compiled once: [`Columns`] is filled in a first pass and
//! numbers the computed cells right in a second one.

use std::cell::RefCell;

use pipewright_expr::{Layout, Reached};
use pipewright_plan::{Base, Expr, ExprKind, Meta, Origin, Schema, Type};

use super::coverage::Coverage;
use crate::codecs::ColumnRequest;

/// The cells of one segment.
pub(super) struct Columns<'a> {
    schema: &'a Schema,
    origin: Origin,
    state: RefCell<State>,
    /// How many payload and meta cells the first pass found.
    settled: Option<(usize, usize)>,
}

#[derive(Default)]
struct State {
    requests: Vec<ColumnRequest>,
    metas: Vec<Meta>,
    computed: usize,
}

/// Where a field of the record at some step comes from.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A field of the payload, by path.
    Payload(Vec<String>),
    /// A cell.
    Cell(usize),
}

/// The fields at some step: name and where it comes from, in the order of the schema.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) list: Vec<(String, Place)>,
}

impl Fields {
    /// The fields of a payload.
    pub(super) fn of_payload(schema: &Schema) -> Self {
        Self { list: schema.fields.iter().map(|it| (it.name.clone(), Place::Payload(vec![it.name.clone()]))).collect() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Place> {
        self.list.iter().find(|(it, _)| it == name).map(|(_, place)| place)
    }

    /// Adds or replaces a field, in place.
    pub(super) fn set(&mut self, name: &str, place: Place) {
        match self.list.iter_mut().find(|(it, _)| it == name) {
            Some((_, old)) => *old = place,
            None => self.list.push((name.to_string(), place)),
        }
    }
}

impl<'a> Columns<'a> {
    /// The first pass over records of this schema.
    pub(super) fn new(schema: &'a Schema, origin: Origin) -> Self {
        Self { schema, origin, state: RefCell::default(), settled: None }
    }

    /// The second pass, with the same payload cells.
    pub(super) fn settle(self) -> Self {
        let mut state = self.state.into_inner();
        state.computed = 0;
        let settled = Some((state.requests.len(), state.metas.len()));
        Self { schema: self.schema, origin: self.origin, state: RefCell::new(state), settled }
    }

    /// What the decoder must find, what Kafka must tell, and the number of cells in all.
    pub(super) fn finish(self) -> (Vec<ColumnRequest>, Vec<Meta>, usize) {
        let state = self.state.into_inner();
        let cells = state.requests.len() + state.metas.len() + state.computed;
        (state.requests, state.metas, cells)
    }

    /// A new computed cell.
    pub(super) fn computed(&self) -> usize {
        let mut state = self.state.borrow_mut();
        state.computed += 1;
        let (requests, metas) = self.settled.unwrap_or_default();
        requests + metas + state.computed - 1
    }

    /// The cell of a field of the payload.
    fn payload(&self, path: &[String]) -> Option<usize> {
        let (ty, wire) = self.resolve(path)?;
        let mut state = self.state.borrow_mut();
        if let Some(at) = state.requests.iter().position(|it| it.path == wire) {
            return Some(at);
        }
        state.requests.push(ColumnRequest { path: wire, ty, name: path.join("."), origin: Some(self.origin) });
        Some(state.requests.len() - 1)
    }

    /// Type and wire names of a path; nullable if a record on the way is.
    fn resolve(&self, path: &[String]) -> Option<(Type, Vec<String>)> {
        let (first, rest) = path.split_first()?;
        let field = self.schema.field(first)?;
        let mut wire = vec![field.wire_name().to_string()];
        let mut ty = field.ty.clone();
        for name in rest {
            let Base::Record(fields) = ty.base else { return None };
            let inner = fields.into_iter().find(|it| it.name == *name)?;
            wire.push(inner.wire_name().to_string());
            ty = Type { nullable: ty.nullable || inner.ty.nullable, base: inner.ty.base };
        }
        Some((ty, wire))
    }

    /// The cell that a field is in.
    pub(super) fn cell(&self, place: &Place) -> Option<usize> {
        match place {
            Place::Payload(path) => self.payload(path),
            Place::Cell(cell) => Some(*cell),
        }
    }

    /// If an expression is nothing but a field, where it comes from.
    pub(super) fn place_of(&self, expr: &Expr, fields: &Fields) -> Option<Place> {
        match &expr.kind {
            ExprKind::Column(name) => fields.get(name).cloned(),
            ExprKind::Field { base, name } => match self.place_of(base, fields)? {
                Place::Payload(mut path) => {
                    path.push(name.clone());
                    self.resolve(&path).map(|_| Place::Payload(path))
                }
                Place::Cell(_) => None,
            },
            _ => None,
        }
    }
}

/// The layout that expressions at one step are compiled against.
pub(super) struct StepLayout<'a, 'c> {
    pub(super) columns: &'c Columns<'a>,
    pub(super) fields: &'c Fields,
    pub(super) coverage: Option<&'c Coverage>,
}

impl Layout for StepLayout<'_, '_> {
    fn branch(&self, choice: Origin, value: Origin) -> Option<Reached> {
        self.coverage.map(|it| it.branch(choice, value))
    }

    fn column(&self, path: &[&str]) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        match self.fields.get(first)? {
            Place::Cell(cell) => rest.is_empty().then_some(*cell),
            Place::Payload(start) => {
                let mut whole = start.clone();
                whole.extend(rest.iter().map(ToString::to_string));
                self.columns.payload(&whole)
            }
        }
    }

    fn meta(&self, meta: &Meta) -> Option<usize> {
        let mut state = self.columns.state.borrow_mut();
        let at = match state.metas.iter().position(|it| it == meta) {
            Some(at) => at,
            None => {
                state.metas.push(meta.clone());
                state.metas.len() - 1
            }
        };
        Some(self.columns.settled.unwrap_or_default().0 + at)
    }
}
