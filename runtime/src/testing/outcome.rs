//! What became of a test: plain data, printed elsewhere.

use pipewright_plan::{Extent, Origin};

use super::Pair;

/// What became of a test; without failures it passed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// In the order of the lines.
    pub failures: Vec<Failure>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The line of the test.
    pub origin: Origin,
    /// What.
    pub kind: FailureKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum FailureKind {
    /// An `expect` found other rows.
    Rows(Box<RowsDiffer>),
    /// A given row cannot be written in the format of its topic or source.
    NotWritten {
        /// Why.
        reason: String,
    },
    /// A stage or source has stopped: a policy says so.
    Stopped {
        /// Why, as `run` would say it.
        message: String,
    },
}

/// Other rows than expected.
#[derive(Clone, Debug, PartialEq)]
pub struct RowsDiffer {
    /// The sink, topic, transform or `dead_letters`.
    pub node: String,
    /// How much was expected.
    pub extent: Extent,
    /// Rows beside one another: equal ones, different ones, and those that stand alone.
    pub pairs: Vec<Pair>,
    /// Keys whose rows came in another order, as `name = value`.
    pub order: Vec<String>,
    /// What explains rows that are missing.
    pub because: Vec<Because>,
}

/// One field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its name.
    pub field: String,
    /// Its value as a program writes it.
    pub text: String,
    /// It is the same on the other side, or there is no other side.
    pub same: bool,
}

/// Where a given record has gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Because {
    /// The record: `order_id = 2`.
    pub record: String,
    /// Where it was given.
    pub given: Origin,
    /// What happened to it.
    pub why: Why,
}

/// What happened to a given record.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// A step let it fall.
    Dropped {
        /// `where`
        keyword: String,
        /// The step.
        step: Origin,
    },
    /// It was a put, and became a delete on its way.
    Deleted {
        /// The node whose row it deleted.
        node: String,
    },
    /// It was bad.
    Bad {
        /// The name of the reason.
        name: String,
        /// The reason.
        reason: String,
        /// `file:line` of what refused it.
        place: String,
    },
}
