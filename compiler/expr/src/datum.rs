//! One value, and the row it stands in.
//!
//! A value is a representation, not a type: the type stands in the plan. Text and bytes borrow from the record's bytes or
//! from the arena of the batch, so a row owns nothing and costs no allocation.

use std::cell::{Cell, RefCell};

use bumpalo::Bump;
use pipewright_plan::Origin;

/// One value. Which variant stands for which [`pipewright_plan::Base`]:
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Datum<'b> {
    /// null, of any type
    Null,
    /// `bool`
    Bool(bool),
    /// `int32`, `int64`; `date` in days; `time`, `timestamp`, `local_timestamp`, `duration` in microseconds
    Int(i64),
    /// `float64`
    Float(f64),
    /// `decimal`: unscaled; the scale stands in the type
    Decimal(i128),
    /// `string`, closed sets; `json`, lists, maps and records as JSON text (compact, valid)
    Text(&'b str),
    /// `bytes`; the 16 bytes of a `uuid`
    Bytes(&'b [u8]),
}

/// The cells of one record, the arena of its batch, and the first error that evaluating something over it met.
pub struct Row<'b> {
    /// One value per column of the layout.
    pub cells: Vec<Datum<'b>>,
    /// Where computed text lives; reset per batch by its owner.
    pub arena: &'b Bump,
    /// What `now()` says; `None`: the time of the machine. Tests have a clock of their own.
    pub clock: Option<i64>,
    /// What `Let` bound; keeps its capacity from record to record.
    locals: RefCell<Vec<Datum<'b>>>,
    /// The error slot of checked operations: the first one wins.
    error: Cell<Option<Box<EvalError>>>,
    /// The slot is taken; separate, because looking into the slot would empty it.
    failed: Cell<bool>,
}

impl<'b> Row<'b> {
    /// A row of nulls.
    pub fn new(columns: usize, arena: &'b Bump) -> Self {
        Self {
            cells: vec![Datum::Null; columns],
            arena,
            clock: None,
            locals: RefCell::new(Vec::new()),
            error: Cell::new(None),
            failed: Cell::new(false),
        }
    }

    /// The cell of that column; null if there is none.
    #[inline]
    pub fn cell(&self, column: usize) -> Datum<'b> {
        self.cells.get(column).copied().unwrap_or(Datum::Null)
    }

    /// Sets the cell of that column.
    #[inline]
    pub fn set(&mut self, column: usize, value: Datum<'b>) {
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = value;
        }
    }

    /// Makes the record bad, unless it is already. Gives `None`, so that a closure can return it.
    #[cold]
    pub(crate) fn fail<T>(&self, name: &'static str, origin: Origin, reason: impl FnOnce() -> String) -> Option<T> {
        if !self.failed.replace(true) {
            self.error.set(Some(Box::new(EvalError { name, reason: reason(), origin })));
        }
        None
    }

    /// True after an error, until it is taken.
    #[inline]
    pub(crate) fn failed(&self) -> bool {
        self.failed.get()
    }

    /// The error, if there was one; the slot is free again.
    #[inline]
    pub(crate) fn take_error(&self) -> Option<EvalError> {
        if self.failed.get() {
            self.failed.set(false);
            return self.error.take().map(|error| *error);
        }
        None
    }

    pub(crate) fn local(&self, slot: usize) -> Datum<'b> {
        self.locals.borrow().get(slot).copied().unwrap_or(Datum::Null)
    }

    pub(crate) fn bind(&self, slot: usize, value: Datum<'b>) {
        let mut locals = self.locals.borrow_mut();
        if locals.len() <= slot {
            locals.resize(slot + 1, Datum::Null);
        }
        if let Some(local) = locals.get_mut(slot) {
            *local = value;
        }
    }

    /// Text in the arena.
    pub(crate) fn text(&self, text: &str) -> &'b str {
        self.arena.alloc_str(text)
    }

    /// What the writer writes, in the arena. It must write UTF-8; what is not is left away.
    pub(crate) fn written(&self, write: impl FnOnce(&mut bumpalo::collections::Vec<'b, u8>)) -> &'b str {
        let mut out = bumpalo::collections::Vec::with_capacity_in(32, self.arena);
        write(&mut out);
        std::str::from_utf8(out.into_bump_slice()).unwrap_or_default()
    }

    /// A string to build in the arena.
    pub(crate) fn string(&self, capacity: usize) -> bumpalo::collections::String<'b> {
        bumpalo::collections::String::with_capacity_in(capacity, self.arena)
    }
}

/// Why evaluating an expression made the record bad.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalError {
    /// The name under which it is counted, dead-lettered and explained: `overflow`, `division-by-zero`, `bad-cast`, ….
    pub name: &'static str,
    /// What happened, with the value: "`12x` is not an int64".
    pub reason: String,
    /// The innermost expression.
    pub origin: Origin,
}
