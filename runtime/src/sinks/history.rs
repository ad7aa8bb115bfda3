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
    /// It has stored a position, and these tables are new to it: they are filled from there.
    Late(Vec<String>),
    /// No position, but rows.
    RowsOnly(Filled),
    /// It has stored a position, but rows that it has stored before are gone.
    Emptied(Emptied),
}

/// A table without rows whose stage goes on in the middle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emptied {
    /// The sink, by index in the stage.
    pub sink: usize,
    /// Its table.
    pub table: String,
    /// How many rows were stored in it before at the least, if that is known.
    pub rows: Option<u64>,
    /// It is another table: it was dropped, or emptied at once.
    pub another: bool,
    /// What says, in the language of the database, that the table may be emptied at any time.
    pub permit: String,
}

impl Emptied {
    /// "at least 12 rows were stored in it before"
    pub fn amount(&self) -> String {
        match self.rows {
            Some(1) => "a row was stored in it before".into(),
            Some(rows) => format!("at least {} rows were stored in it before", thousands(rows)),
            None => "rows were stored in it before".into(),
        }
    }
}

fn thousands(number: u64) -> String {
    match (number / 1_000, number % 1_000) {
        (0, rest) => rest.to_string(),
        (more, rest) => format!("{},{rest:03}", thousands(more)),
    }
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
            Some(rows) => format!("{} rows", thousands(rows)),
        }
    }
}

/// What the positions of all programs say of a stage: program and stage of every one that is stored.
#[cfg(feature = "engine")]
pub(crate) fn begun(context: &StageContext, positions: &[(String, String)]) -> bool {
    positions.iter().any(|(program, stage)| *program == context.program && *stage == context.stage)
}

/// The stage under the names under which it has positions, as a run would take them over; its own, if it has none.
#[cfg(feature = "engine")]
pub(crate) fn as_stored(context: &StageContext, positions: &[(String, String)]) -> StageContext {
    let former = context.former().filter(|it| !begun(context, positions) && begun(it, positions));
    former.unwrap_or_else(|| context.clone())
}

/// Of a stage without a position. `filled`: the first of its tables that holds rows, and how many, if they can be counted; it must
/// have been looked for before the positions: rows of a twin are stored with its positions, so whoever sees the rows sees the
/// positions as well.
#[cfg(feature = "engine")]
pub(crate) fn without_position(
    context: &StageContext,
    filled: Option<(usize, Option<u64>)>,
    positions: &[(String, String)],
) -> History {
    let has = |stage: &String| positions.iter().any(|(program, it)| *program == context.program && it == stage);
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
        assert_eq!(thousands(1_002_003), "1,002,003");
    }
}
