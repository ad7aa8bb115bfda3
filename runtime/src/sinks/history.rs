//! Whether a stage was here before: the positions it has stored, against the rows in its tables.
//!
//! Knows no SQL. Invariant: a stage whose tables hold rows and that has no position never begins by itself: from the start it
//! would store records twice, from the end it would leave some out.

#[cfg(feature = "engine")]
use super::StageContext;

/// Rows are counted up to here: the number is for people, and large tables are slow to count.
pub const COUNTED: u64 = 100_000;

/// What a database knows of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// Nothing: no position, and its tables are empty.
    Fresh,
    /// It has stored a position.
    Stored,
    /// No position, but rows.
    RowsOnly(Filled),
}

/// A table with rows whose stage has no position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The sink, by index in the stage.
    pub sink: usize,
    /// Its table.
    pub table: String,
    /// How many rows, counted to one above [`COUNTED`]; none: some, but this user may not read them.
    pub rows: Option<u64>,
    /// Other programs with a position for a stage of this name: perhaps this one under its old name.
    pub others: Vec<String>,
}

impl Filled {
    /// "holds 12 rows"
    pub fn amount(&self) -> String {
        match self.rows {
            None => "rows".into(),
            Some(1) => "1 row".into(),
            Some(rows) if rows > COUNTED => "more than 100,000 rows".into(),
            Some(rows) if rows >= 1_000 => format!("{},{:03} rows", rows / 1_000, rows % 1_000),
            Some(rows) => format!("{rows} rows"),
        }
    }
}

/// A table of the stage that holds rows: index of the sink, rows if they can be counted.
#[cfg(feature = "engine")]
pub(crate) type FilledTable = (usize, Option<u64>);

/// Puts together what a database answered. `filled` must have been asked first: rows of a twin are stored with its positions,
/// so whoever sees the rows sees the positions as well. `positions`: program and stage of every stored position.
#[cfg(feature = "engine")]
pub(crate) fn of(context: &StageContext, filled: Option<FilledTable>, positions: &[(String, String)]) -> History {
    let has = |stage: &String| positions.iter().any(|(program, it)| *program == context.program && it == stage);
    if has(&context.stage) {
        return History::Stored;
    }
    // Two stages may append to one table: then the rows may well be the other one's.
    let Some((sink, rows)) = filled.filter(|_| !context.sharing.iter().any(has)) else { return History::Fresh };
    let others = positions.iter().filter(|(program, stage)| *stage == context.stage && *program != context.program);
    let table = context.sinks.get(sink).map(|it| it.table.clone()).unwrap_or_default();
    History::RowsOnly(Filled { sink, table, rows, others: others.map(|(program, _)| program.clone()).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_like_numbers() {
        let amount = |rows| Filled { sink: 0, table: String::new(), rows, others: vec![] }.amount();
        assert_eq!(amount(Some(1)), "1 row");
        assert_eq!(amount(Some(999)), "999 rows");
        assert_eq!(amount(Some(19_005)), "19,005 rows");
        assert_eq!(amount(Some(COUNTED + 1)), "more than 100,000 rows");
        assert_eq!(amount(None), "rows");
    }
}
