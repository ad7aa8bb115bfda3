//! What an expression can name: the fields of the record at a step, and what is known of them there.
//!
//! Owns names and types only; which step gave them is the business of whoever builds the scope.

use std::borrow::Cow;
use std::collections::HashMap;

use pipewright_grammar::Span;
use pipewright_plan::{Base, Meta, Schema, Type};

/// The fields that an expression at some step can name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The fields, in order.
    columns: Vec<ScopeColumn>,
    /// Where each field stands among them: a record of thousands of fields is read thousands of times.
    places: HashMap<String, usize>,
    /// `meta.*` can be read here.
    pub meta: bool,
    /// Where `meta.*` ended (the first step that keeps state), if it was there before.
    pub meta_ended: Option<Span>,
    /// What of `meta` is known not to be null.
    pub meta_known: Vec<Meta>,
    /// Fields that an earlier step took away: who names one of them is told which.
    pub gone: Vec<GoneColumn>,
}

/// A field that an expression can name.
#[derive(Clone, Debug, PartialEq)]
pub struct ScopeColumn {
    /// Its name.
    pub name: String,
    /// What is known of it here.
    pub ty: Type,
    /// Where it was declared or derived.
    pub declared: Option<Span>,
    /// Its type is narrower than declared, because a condition has been tested.
    pub narrowed: bool,
}

/// A field that is not there any more.
#[derive(Clone, Debug, PartialEq)]
pub struct GoneColumn {
    /// Its name.
    pub name: String,
    /// Where it went.
    pub span: Span,
    /// Its new name, if it was renamed.
    pub renamed_to: Option<String>,
}

impl Scope {
    /// Nothing to name.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The fields of a schema.
    pub fn from_schema(schema: &Schema, meta: bool) -> Self {
        let column = |field: &pipewright_plan::Field| ScopeColumn {
            name: field.name.clone(),
            ty: field.ty.clone(),
            declared: None,
            narrowed: false,
        };
        let columns: Vec<_> = schema.fields.iter().map(column).collect();
        let mut places = HashMap::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            places.entry(column.name.clone()).or_insert(at);
        }
        Self { columns, places, meta, ..Self::default() }
    }

    /// The fields, in order.
    pub fn columns(&self) -> &[ScopeColumn] {
        &self.columns
    }

    /// The fields, in order; their names stay what they are.
    pub(crate) fn columns_mut(&mut self) -> &mut [ScopeColumn] {
        &mut self.columns
    }

    /// Adds a field at the end, or puts it in the place of the one with its name.
    pub(crate) fn set(&mut self, column: ScopeColumn) {
        match self.column_mut(&column.name) {
            Some(old) => *old = column,
            None => {
                self.places.insert(column.name.clone(), self.columns.len());
                self.columns.push(column);
            }
        }
    }

    /// Where the field of that name stands.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The field of that name.
    pub fn column(&self, name: &str) -> Option<&ScopeColumn> {
        self.place(name).and_then(|at| self.columns.get(at))
    }

    pub(super) fn column_mut(&mut self, name: &str) -> Option<&mut ScopeColumn> {
        self.place(name).and_then(|at| self.columns.get_mut(at))
    }
}

/// What the names of one expression mean: a scope at a step, the parameters of a function, or nothing for a constant.
#[derive(Clone, Debug)]
pub(super) struct Names<'s> {
    /// Copied only where a condition has narrowed it.
    pub(super) scope: Cow<'s, Scope>,
    pub(super) locals: Vec<Local>,
    pub(super) place: Place,
}

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a step, an option or a key: fields can be read.
    Step,
    /// In the body of a function: only its parameters.
    Function,
    /// Where the value must be known before any record is read.
    Constant,
}

/// A parameter of the function whose body is being checked.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) ty: Type,
    pub(super) declared: Span,
    pub(super) narrowed: bool,
}

impl<'s> Names<'s> {
    pub(super) fn step(scope: &'s Scope) -> Self {
        Self { scope: Cow::Borrowed(scope), locals: vec![], place: Place::Step }
    }

    pub(super) fn constant() -> Self {
        Self { scope: Cow::Owned(Scope::empty()), locals: vec![], place: Place::Constant }
    }

    pub(super) fn function(locals: Vec<Local>) -> Self {
        Self { scope: Cow::Owned(Scope::empty()), locals, place: Place::Function }
    }
}

/// Takes the null out of a type, or out of a field inside it. True if there was one.
pub(super) fn without_null(ty: &mut Type, path: &[String]) -> bool {
    let had = std::mem::take(&mut ty.nullable);
    let Some((first, rest)) = path.split_first() else { return had };
    let Base::Record(fields) = &mut ty.base else { return had };
    let inner = fields.iter_mut().find(|field| field.name == *first);
    inner.is_some_and(|field| without_null(&mut field.ty, rest)) || had
}
