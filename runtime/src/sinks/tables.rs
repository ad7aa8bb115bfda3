//! What a database remembers of the tables of a stage, so that one that was emptied or dropped under stored positions is not filled
//! from the middle without a word.
//!
//! Knows no SQL. Invariant: the first rows of a table are remembered in the transaction that stores them; how many there were later is
//! only roughly known.

use super::history::{Emptied, History};
use super::{SinkRows, StageContext};

/// What is remembered of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// Its name, as the program says it.
    pub table: String,
    /// Which table it was, as the database tells tables of one name apart.
    pub identity: String,
    /// About how many rows the stage has stored in it; none: some.
    pub rows: Option<i64>,
    /// The stage has deleted rows of it.
    pub deletes: bool,
    /// Its owner has said that it may be emptied at any time.
    pub may_be_empty: bool,
}

/// A table as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Whether it holds rows; none: this user may not look.
    pub filled: Option<bool>,
    /// This run has created it.
    pub created: bool,
    /// It is not the one that is remembered.
    pub another: bool,
}

/// What is to be thought of a table, and remembered of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should be.
    Fine,
    /// As it should be; to be remembered as it is now, with about so many rows.
    Remember(Option<i64>),
    /// The stage goes on in the middle of its topics, and the table is new to it.
    Late,
    /// Rows were stored in it and are gone.
    Emptied(Option<i64>),
}

/// Judges a table. `begun`: the stage has stored positions; `known`: something is remembered of the stage.
pub(crate) fn judge(begun: bool, known: bool, before: Option<&Remembered>, now: Now) -> Verdict {
    let filled = now.filled.unwrap_or(!now.another && !now.created);
    let some = if filled { None } else { Some(0) };
    let Some(before) = before.filter(|_| begun) else {
        return match (begun, known, filled) {
            // The stage was here under a version that remembered nothing.
            (true, false, false) if now.created => Verdict::Emptied(None),
            (true, true, false) => Verdict::Late,
            _ => Verdict::Remember(some),
        };
    };
    if filled {
        return if now.another || before.rows == Some(0) { Verdict::Remember(None) } else { Verdict::Fine };
    }
    if before.rows == Some(0) {
        return if now.another { Verdict::Remember(Some(0)) } else { Verdict::Fine };
    }
    // Deletes of its own may well have left nothing; but not in another table.
    let deleted = before.deletes && !now.another;
    if deleted || before.may_be_empty { Verdict::Fine } else { Verdict::Emptied(before.rows) }
}

/// What a run would say of the tables of a stage that has positions, without remembering anything. `now`: how the table of a sink
/// is; `permit`: what says that it may be empty.
pub(crate) fn compare(
    context: &StageContext,
    known: &[Remembered],
    now: impl Fn(usize, Option<&Remembered>) -> Now,
    permit: impl Fn(&StageContext, &str) -> String,
) -> History {
    let mut late = Vec::new();
    for (index, sink) in context.sinks.iter().enumerate() {
        let before = known.iter().find(|it| it.table == sink.table);
        let now = now(index, before);
        match judge(true, !known.is_empty(), before, now) {
            Verdict::Fine | Verdict::Remember(_) => {}
            Verdict::Late => late.push(sink.table.clone()),
            Verdict::Emptied(rows) => {
                return History::Emptied(Emptied {
                    sink: index,
                    table: sink.table.clone(),
                    rows: rows.and_then(|it| u64::try_from(it).ok()),
                    another: now.another || now.created,
                    permit: permit(context, &sink.table),
                });
            }
        }
    }
    if late.is_empty() { History::Stored } else { History::Late(late) }
}

/// What is to be remembered of a sink's table with the rows of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The sink, by index in the stage.
    pub sink: usize,
    /// So many more rows.
    pub rows: u64,
    /// Rows were deleted.
    pub deletes: bool,
}

/// Rows of this run per sink: what is stored, and what of it is remembered. Each time they have doubled, that all instances of a
/// stage write one row of the database in each epoch is spared.
#[derive(Debug, Default)]
pub(crate) struct Tally(Vec<Sums>);

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    stored: u64,
    noted: u64,
    deletes: bool,
}

impl Tally {
    /// What the transaction that stores these rows remembers.
    pub fn due<'a>(&'a self, rows: &'a [SinkRows]) -> impl Iterator<Item = Note> + 'a {
        rows.iter().enumerate().filter_map(|(sink, rows)| {
            let sums = self.0.get(sink).copied().unwrap_or_default();
            let stored = sums.stored + rows.stored;
            let deletes = rows.deleted > 0 && !sums.deletes;
            let doubled = rows.stored > 0 && stored >= 2 * sums.noted;
            (doubled || deletes).then_some(Note { sink, rows: stored - sums.noted, deletes: rows.deleted > 0 })
        })
    }

    /// That transaction has stored them.
    pub fn stored(&mut self, rows: &[SinkRows]) {
        let notes: Vec<Note> = self.due(rows).collect();
        self.0.resize(rows.len().max(self.0.len()), Sums::default());
        for (sums, rows) in self.0.iter_mut().zip(rows) {
            sums.stored += rows.stored;
        }
        for note in notes {
            let Some(sums) = self.0.get_mut(note.sink) else { continue };
            sums.noted = sums.stored;
            sums.deletes |= note.deletes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(rows: Option<i64>) -> Remembered {
        Remembered { rows, ..Remembered::default() }
    }

    const EMPTY: Now = Now { filled: Some(false), created: false, another: false };
    const FILLED: Now = Now { filled: Some(true), created: false, another: false };
    const CREATED: Now = Now { filled: Some(false), created: true, another: true };

    #[test]
    fn what_is_gone_is_gone_only_if_the_stage_goes_on() {
        let rows = before(Some(12));
        assert_eq!(judge(true, true, Some(&rows), EMPTY), Verdict::Emptied(Some(12)));
        assert_eq!(judge(true, true, Some(&before(None)), CREATED), Verdict::Emptied(None));
        assert_eq!(judge(false, true, Some(&rows), EMPTY), Verdict::Remember(Some(0)));
        assert_eq!(judge(true, true, Some(&rows), FILLED), Verdict::Fine);
        // Restored from a backup, or rewritten.
        assert_eq!(judge(true, true, Some(&rows), Now { another: true, ..FILLED }), Verdict::Remember(None));
        let said = Remembered { may_be_empty: true, ..rows };
        assert_eq!(judge(true, true, Some(&said), CREATED), Verdict::Fine);
    }

    #[test]
    fn a_table_may_be_empty_of_itself() {
        // A filter lets nothing through.
        assert_eq!(judge(true, true, Some(&before(Some(0))), EMPTY), Verdict::Fine);
        assert_eq!(judge(true, true, Some(&before(Some(0))), CREATED), Verdict::Remember(Some(0)));
        // Tombstones have deleted all.
        let deleted = Remembered { deletes: true, ..before(Some(12)) };
        assert_eq!(judge(true, true, Some(&deleted), EMPTY), Verdict::Fine);
        assert_eq!(judge(true, true, Some(&deleted), Now { another: true, ..EMPTY }), Verdict::Emptied(Some(12)));
    }

    #[test]
    fn of_an_older_version_nothing_is_remembered() {
        assert_eq!(judge(true, false, None, CREATED), Verdict::Emptied(None));
        assert_eq!(judge(true, false, None, EMPTY), Verdict::Remember(Some(0)));
        assert_eq!(judge(true, false, None, FILLED), Verdict::Remember(None));
        // A sink that was added to a stage.
        assert_eq!(judge(true, true, None, CREATED), Verdict::Late);
        assert_eq!(judge(false, false, None, CREATED), Verdict::Remember(Some(0)));
    }

    #[test]
    fn who_may_not_look_is_not_stopped_without_a_reason() {
        let unseen = Now { filled: None, created: false, another: false };
        assert_eq!(judge(true, true, Some(&before(Some(12))), unseen), Verdict::Fine);
        let another = Now { another: true, ..unseen };
        assert_eq!(judge(true, true, Some(&before(Some(12))), another), Verdict::Emptied(Some(12)));
    }

    #[test]
    fn rows_are_remembered_at_first_and_each_time_they_have_doubled() {
        let mut tally = Tally::default();
        let mut noted = Vec::new();
        for stored in [0, 5, 4, 1, 9, 0] {
            let rows = [SinkRows { stored, ..SinkRows::default() }];
            noted.push(tally.due(&rows).map(|it| it.rows).sum::<u64>());
            tally.stored(&rows);
        }
        assert_eq!(noted, [0, 5, 0, 5, 0, 0]);
        let rows = [SinkRows { deleted: 1, ..SinkRows::default() }];
        assert_eq!(tally.due(&rows).collect::<Vec<_>>(), [Note { sink: 0, rows: 9, deletes: true }]);
        tally.stored(&rows);
        assert_eq!(tally.due(&rows).count(), 0);
    }
}
