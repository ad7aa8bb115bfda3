//! One value, and the row it stands in.
//!
//! A value is a representation, not a type: the type stands in the plan. Text and bytes borrow from the record's bytes or
//! from the arena of the batch, so a row owns nothing and costs no allocation.

use std::cell::Cell;

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
    /// The error slot of checked operations: the first one wins.
    pub(crate) error: Cell<Option<Box<EvalError>>>,
}

impl<'b> Row<'b> {
    /// A row of nulls.
    pub fn new(columns: usize, arena: &'b Bump) -> Self {
        Self { cells: vec![Datum::Null; columns], arena, error: Cell::new(None) }
    }

    /// The cell of that column; null if there is none.
    pub fn cell(&self, column: usize) -> Datum<'b> {
        self.cells.get(column).copied().unwrap_or(Datum::Null)
    }

    /// Sets the cell of that column.
    pub fn set(&mut self, column: usize, value: Datum<'b>) {
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = value;
        }
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
