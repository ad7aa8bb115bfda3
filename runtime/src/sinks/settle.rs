//! What becomes of dead letters that were sent through again, in the transaction of the rows that came of them.
//!
//! Knows no SQL. Invariant: a letter is settled once. Each change holds only for a letter that is still open and still lies where it
//! was read; if one does not hold, nothing of the transaction is stored.

use crate::record::RecordId;

/// The letters of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The record.
    pub at: RecordId,
    /// The id of the topic that its offset counts in; empty: it was not kept.
    pub topic_id: String,
    /// The node at which the letters lie.
    pub node: String,
    /// Which letters of the record.
    pub ordinals: Vec<i32>,
    /// Where and why it was refused again.
    pub again: Vec<Again>,
}

/// Why a record was refused again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// The node that refused it.
    pub node: String,
    /// The step, if one did.
    pub step: Option<String>,
    /// `file:line` in the program.
    pub place: String,
    /// The name of the reason.
    pub name: String,
    /// The reason.
    pub reason: String,
    /// On a changelog: the last good version of its row stays.
    pub stale_key: bool,
}

/// What is changed of one letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// It is dealt with.
    Done(i32),
    /// It stays, with another reason.
    Stays(i32, &'a Again),
    /// Its record was refused in one place more than before: a letter like this one.
    Another(i32, &'a Again),
}

impl Settled {
    /// One by one. Letters that stay keep their ordinals, so that their bytes need not be written again.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let again = |index: usize| self.again.get(index);
        let known = self.ordinals.iter().enumerate();
        let known = known.map(move |(index, it)| again(index).map_or(Change::Done(*it), |why| Change::Stays(*it, why)));
        let first = self.ordinals.first().copied().unwrap_or_default();
        known.chain(self.again.iter().skip(self.ordinals.len()).map(move |why| Change::Another(first, why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_stay_keep_their_ordinals_and_more_reasons_make_more_letters() {
        let why = |node: &str| Again { node: node.to_string(), ..Again::default() };
        let settled = |ordinals: &[i32], nodes: &[&str]| Settled {
            ordinals: ordinals.to_vec(),
            again: nodes.iter().map(|it| why(it)).collect(),
            ..Settled::default()
        };
        let told = |it: &Settled| {
            let told = it.changes().map(|change| match change {
                Change::Done(ordinal) => format!("{ordinal} done"),
                Change::Stays(ordinal, why) => format!("{ordinal} at {}", why.node),
                Change::Another(like, why) => format!("like {like} at {}", why.node),
            });
            told.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(told(&settled(&[0, 3], &[])), "0 done, 3 done");
        assert_eq!(told(&settled(&[0, 3], &["a"])), "0 at a, 3 done");
        assert_eq!(told(&settled(&[2], &["a", "b", "c"])), "2 at a, like 2 at b, like 2 at c");
    }
}
