//! What the storing half decides: the generations an epoch is stored under, and what became of one whose answer was lost.
//!
//! Knows no database and no epoch but its moves. Invariants: an epoch goes out only under generations that were acquired here and
//! not given up since; after a lost answer nothing is assumed, positions are acquired again and compared.

use std::collections::BTreeMap;

use super::Partition;
use crate::sinks::{Acquired, Move};

/// The generations that the partitions of a stage were acquired under.
#[derive(Debug, Default)]
pub struct Storing {
    generations: BTreeMap<Partition, i64>,
}

/// What the database said to an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is stored.
    Stored,
    /// The fence kept it out; nothing is stored.
    Fenced,
    /// None came: it may be stored or not.
    Lost,
}

/// What to do with an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send it, with the moves as they are now.
    Store,
    /// Acquire its partitions again on a new connection, then ask [`Storing::stands`].
    Acquire,
    /// It is stored, the database says so.
    Stored,
    /// It is stored; its answer was lost.
    WasStored,
    /// It is not stored and will not be: to be dropped.
    Refused(Refusal),
}

/// Why an epoch is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has records of a partition that was given up.
    GivenUp(Partition),
    /// Somebody else acquired a partition of it.
    Taken,
    /// The positions are neither before it nor behind it.
    Elsewhere,
}

impl Storing {
    /// Partitions were acquired.
    pub fn acquired(&mut self, acquired: &[Acquired]) {
        for it in acquired {
            self.generations.insert((it.topic, it.partition), it.generation);
        }
    }

    /// Partitions are given up.
    pub fn release(&mut self, partitions: &[Partition]) {
        for it in partitions {
            self.generations.remove(it);
        }
    }

    /// An epoch is to be stored: its moves get the generations.
    pub fn begin(&self, moves: &mut [Move]) -> Next {
        for it in moves {
            let at = (it.topic, it.partition);
            match self.generations.get(&at) {
                Some(generation) => it.generation = *generation,
                None => return Next::Refused(Refusal::GivenUp(at)),
            }
        }
        Next::Store
    }

    /// The database answered, or did not.
    pub fn answered(&self, answer: Answer) -> Next {
        match answer {
            Answer::Stored => Next::Stored,
            Answer::Fenced => Next::Refused(Refusal::Taken),
            Answer::Lost => Next::Acquire,
        }
    }

    /// After a lost answer: where the partitions of the epoch stand now. The new generations go into its moves, so that it can be
    /// stored again.
    pub fn stands(&mut self, moves: &mut [Move], acquired: &[Acquired]) -> Next {
        self.acquired(acquired);
        let (mut before, mut behind) = (true, true);
        for it in moves {
            let found = acquired.iter().find(|now| (now.topic, now.partition) == (it.topic, it.partition));
            let Some(now) = found else { return Next::Refused(Refusal::Elsewhere) };
            before &= now.next == Some(it.previous);
            behind &= now.next == Some(it.next);
            it.generation = now.generation;
        }
        match (before, behind) {
            (true, _) => Next::Store,
            (false, true) => Next::WasStored,
            (false, false) => Next::Refused(Refusal::Elsewhere),
        }
    }

    /// After the lost answer to setting first positions: which of them are still to be set. The others stand where the database
    /// says, which is what counts from now on.
    pub fn unset(&mut self, positions: &mut [Acquired], acquired: &[Acquired]) -> Vec<Acquired> {
        self.acquired(acquired);
        let mut unset = Vec::new();
        for it in positions {
            let found = acquired.iter().find(|now| (now.topic, now.partition) == (it.topic, it.partition));
            let Some(now) = found else { continue };
            it.generation = now.generation;
            match now.next {
                Some(next) => it.next = Some(next),
                None => unset.push(it.clone()),
            }
        }
        unset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(partition: i32, previous: i64, next: i64) -> Move {
        Move { topic: 0, partition, previous, next, generation: 0 }
    }

    fn at(partition: i32, next: Option<i64>, generation: i64) -> Acquired {
        Acquired { topic: 0, partition, next, generation, topic_id: None }
    }

    #[test]
    fn an_epoch_goes_out_under_the_newest_generations() {
        let mut storing = Storing::default();
        storing.acquired(&[at(0, Some(5), 3), at(1, Some(7), 4)]);
        storing.acquired(&[at(1, Some(7), 9)]);
        let mut moves = [moved(0, 5, 6), moved(1, 7, 8)];
        assert_eq!(storing.begin(&mut moves), Next::Store);
        assert_eq!(moves.map(|it| it.generation), [3, 9]);
        storing.release(&[(0, 1)]);
        assert_eq!(storing.begin(&mut moves), Next::Refused(Refusal::GivenUp((0, 1))));
    }

    #[test]
    fn an_answer_decides_and_a_lost_one_does_not() {
        let storing = Storing::default();
        assert_eq!(storing.answered(Answer::Stored), Next::Stored);
        assert_eq!(storing.answered(Answer::Fenced), Next::Refused(Refusal::Taken));
        assert_eq!(storing.answered(Answer::Lost), Next::Acquire);
    }

    #[test]
    fn after_a_lost_answer_the_positions_say_what_became_of_the_epoch() {
        for (first, second, expected) in [
            (Some(5), Some(7), Next::Store),
            (Some(6), Some(8), Next::WasStored),
            (Some(6), Some(7), Next::Refused(Refusal::Elsewhere)),
            (Some(5), Some(8), Next::Refused(Refusal::Elsewhere)),
            (Some(5), Some(9), Next::Refused(Refusal::Elsewhere)),
            (None, Some(7), Next::Refused(Refusal::Elsewhere)),
        ] {
            let mut storing = Storing::default();
            let mut moves = [moved(0, 5, 6), moved(1, 7, 8)];
            assert_eq!(storing.stands(&mut moves, &[at(1, second, 2), at(0, first, 4)]), expected);
            if expected == Next::Store {
                assert_eq!(moves.map(|it| it.generation), [4, 2]);
                assert_eq!(storing.begin(&mut moves), Next::Store);
            }
        }
        let mut storing = Storing::default();
        let gone = storing.stands(&mut [moved(0, 5, 6)], &[]);
        assert_eq!(gone, Next::Refused(Refusal::Elsewhere));
    }

    #[test]
    fn first_positions_are_set_once() {
        let mut storing = Storing::default();
        let mut wanted = [at(0, Some(0), 1), at(1, Some(3), 1)];
        let unset = storing.unset(&mut wanted, &[at(0, Some(9), 2), at(1, None, 5)]);
        assert_eq!(unset, [at(1, Some(3), 5)]);
        assert_eq!(wanted, [at(0, Some(9), 2), at(1, Some(3), 5)]);
        let mut moves = [moved(1, 3, 4)];
        assert_eq!(storing.begin(&mut moves), Next::Store);
        assert_eq!(moves[0].generation, 5);
    }
}
