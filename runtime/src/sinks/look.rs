//! What a run would find and make in a database, told without making it.

use super::History;

/// What there is for a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The tables that are right or can be made so: sink, by index in the stage.
    pub tables: Vec<(usize, TableLook)>,
    /// Whether the stage was here before.
    pub history: History,
}

/// A table of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableLook {
    /// It is there and fits.
    There,
    /// It is there and would be altered: the statements.
    Altered(String),
    /// It would be created, with the columns of the sink.
    Created,
}
