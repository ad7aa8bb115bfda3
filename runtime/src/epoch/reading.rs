//! What the reading half decides: acquire, read, hand over, drop, give up, begin anew.
//!
//! The driver tells an [`Event`], then carries out every [`Action`] in order before it tells of anything new but the answer to
//! an action. Invariants: a partition is read only after it was acquired, from the position the database gave; after an epoch was
//! refused nothing that was read behind it is stored; a revoke is answered only when the partitions' epochs are settled, or the
//! group's patience is over and the fence keeps them out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Partition;
use crate::sinks::Acquired;

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The group gave partitions.
    Assigned(Vec<Partition>),
    /// The group asks for partitions back, and waits.
    Revoked(Vec<Partition>),
    /// The group has given partitions to somebody else already.
    Lost(Vec<Partition>),
    /// A batch was taken into the open epoch; whether that holds anything now.
    Taken {
        /// Whether there is anything to store.
        open: bool,
    },
    /// The open epoch is large or old enough.
    Due,
    /// An epoch that was handed over is decided.
    Decided(Verdict),
    /// Answer to [`Action::Settle`].
    Settled {
        /// Everything is decided; otherwise patience is over.
        all: bool,
    },
    /// Answer to [`Action::Acquire`].
    Acquired(Vec<Acquired>),
    /// Answer to [`Action::Start`]: where the partitions stand now.
    Started(Vec<Acquired>),
    /// Answer to [`Action::Start`]: somebody else has acquired one of them.
    StartRefused,
    /// Answer to [`Action::Resume`], where the client cannot: the assignment has changed, or brokers are away.
    NotResumed,
    /// Nothing new; what is to be mended is begun.
    Tick,
    /// Every partition of ours is read to its end, and the run ends there.
    AtEnd,
    /// The run is to end with what was taken.
    Stop,
    /// The run is to end, and the open epoch may not be stored.
    Abort,
}

/// What became of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Stored.
    Stored,
    /// Not stored, dropped.
    Refused,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As long as the group waits for a revoke.
    Group,
    /// As long as it takes.
    Unlimited,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Close the open epoch and hand it over.
    Submit,
    /// Forget what the open epoch holds.
    Drop,
    /// Wait until every epoch that was handed over is decided; then [`Event::Settled`].
    Settle(Patience),
    /// Ask the database for these partitions; then [`Event::Acquired`].
    Acquire(Vec<Partition>),
    /// Find where these partitions begin and store it; then [`Event::Started`] or [`Event::StartRefused`].
    Start(Vec<Acquired>),
    /// Begin to read here: topic, partition, offset. Whatever was fetched before is not used.
    Resume(Vec<(u16, i32, i64)>),
    /// Forget the generations of these partitions.
    Release(Vec<Partition>),
    /// The group may go on.
    Acknowledge,
    /// Give the news of a rebalance a moment: who fenced us may be the rightful owner.
    Pause,
    /// The partitions that are ours have changed.
    Tell,
    /// The stored positions are gone under a run that was somewhere: to begin anew would store records twice.
    PositionsGone,
    /// End.
    End,
}

/// What a lane does once everything is settled.
#[derive(Debug)]
enum Then {
    GiveUp(Vec<Partition>),
    TakeStock,
    Finish,
    Stop,
}

/// The reading half of a stage.
#[derive(Debug, Default)]
pub struct Reading {
    /// What the group gave us.
    ours: BTreeSet<Partition>,
    /// The next offset to take of the partitions that are read.
    cursors: BTreeMap<Partition, i64>,
    /// Partitions that had a stored position under this run.
    known: BTreeSet<Partition>,
    /// Positions that wait for those of other partitions to be set.
    found: Vec<(u16, i32, i64)>,
    open: bool,
    in_flight: usize,
    /// What is read does not go on from what is stored: everything is to be acquired again.
    stale: bool,
    then: Option<Then>,
    actions: VecDeque<Action>,
}

impl Reading {
    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The partitions that the group gave us.
    pub fn ours(&self) -> &BTreeSet<Partition> {
        &self.ours
    }

    /// The next offset to take of each partition that is read. Who takes a batch moves it.
    pub fn cursors(&mut self) -> &mut BTreeMap<Partition, i64> {
        &mut self.cursors
    }

    /// Epochs that are handed over and not decided.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Something happened.
    pub fn on(&mut self, event: Event) {
        match event {
            Event::Assigned(partitions) => self.assigned(partitions),
            Event::Revoked(partitions) => {
                self.submit();
                self.settle(Patience::Group, Then::GiveUp(partitions));
            }
            Event::Lost(partitions) => {
                self.give_up(partitions);
                self.take_stock();
            }
            Event::Taken { open } => self.open = open,
            Event::Due => self.submit(),
            Event::Decided(verdict) => {
                self.in_flight = self.in_flight.saturating_sub(1);
                self.stale |= verdict == Verdict::Refused;
            }
            Event::Settled { all: _ } => self.settled(),
            Event::Acquired(acquired) => self.acquired(acquired),
            Event::Started(positions) => {
                self.find(&positions);
                self.resume();
            }
            Event::StartRefused | Event::NotResumed => self.stale = true,
            Event::Tick => {
                if self.stale {
                    self.take_stock();
                }
            }
            Event::AtEnd => {
                self.submit();
                self.settle(Patience::Unlimited, Then::Finish);
            }
            Event::Stop => {
                self.submit();
                self.settle(Patience::Unlimited, Then::Stop);
            }
            Event::Abort => {
                self.abandon();
                self.settle(Patience::Unlimited, Then::Stop);
            }
        }
    }

    fn assigned(&mut self, partitions: Vec<Partition>) {
        if partitions.is_empty() {
            return;
        }
        let again = partitions.iter().any(|it| self.ours.contains(it));
        self.ours.extend(partitions.iter().copied());
        if again {
            // What is open may hold records of an earlier assignment.
            self.take_stock();
        } else {
            self.actions.push_back(Action::Acquire(partitions));
        }
    }

    fn submit(&mut self) {
        if std::mem::take(&mut self.open) {
            self.in_flight += 1;
            self.actions.push_back(Action::Submit);
        }
    }

    fn abandon(&mut self) {
        self.open = false;
        self.actions.push_back(Action::Drop);
    }

    fn settle(&mut self, patience: Patience, then: Then) {
        self.then = Some(then);
        self.actions.push_back(Action::Settle(patience));
    }

    fn settled(&mut self) {
        match self.then.take() {
            Some(Then::GiveUp(partitions)) => {
                self.give_up(partitions);
                self.actions.push_back(Action::Acknowledge);
            }
            Some(Then::TakeStock) => {
                self.stale = false;
                if !self.ours.is_empty() {
                    self.actions.push_back(Action::Pause);
                    self.actions.push_back(Action::Acquire(self.ours.iter().copied().collect()));
                }
            }
            // What was refused is not stored by us, and nobody else may be there to store it.
            Some(Then::Finish) if self.stale => {}
            Some(Then::Finish | Then::Stop) => self.actions.push_back(Action::End),
            None => {}
        }
    }

    fn give_up(&mut self, partitions: Vec<Partition>) {
        for it in &partitions {
            self.ours.remove(it);
            self.cursors.remove(it);
        }
        self.actions.push_back(Action::Release(partitions));
        self.actions.push_back(Action::Tell);
    }

    /// Drops what is open; everything that is ours is acquired again and read from where it is stored.
    fn take_stock(&mut self) {
        self.abandon();
        self.cursors.clear();
        self.settle(Patience::Unlimited, Then::TakeStock);
    }

    fn acquired(&mut self, acquired: Vec<Acquired>) {
        self.found.clear();
        self.find(&acquired);
        let fresh: Vec<Acquired> = acquired.into_iter().filter(|it| it.next.is_none()).collect();
        if fresh.iter().any(|it| self.known.contains(&(it.topic, it.partition))) {
            self.actions.push_back(Action::PositionsGone);
        } else if fresh.is_empty() {
            self.resume();
        } else {
            self.actions.push_back(Action::Start(fresh));
        }
    }

    fn find(&mut self, acquired: &[Acquired]) {
        self.found.extend(acquired.iter().filter_map(|it| it.next.map(|next| (it.topic, it.partition, next))));
    }

    fn resume(&mut self) {
        let positions = std::mem::take(&mut self.found);
        for (topic, partition, next) in &positions {
            self.cursors.insert((*topic, *partition), *next);
            self.known.insert((*topic, *partition));
        }
        self.actions.push_back(Action::Resume(positions));
        self.actions.push_back(Action::Tell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Partition = (0, 0);
    const B: Partition = (0, 1);

    fn at(partition: Partition, next: Option<i64>) -> Acquired {
        Acquired { topic: partition.0, partition: partition.1, next, generation: 1, topic_id: None }
    }

    fn after(reading: &mut Reading, event: Event) -> Vec<Action> {
        reading.on(event);
        std::iter::from_fn(|| reading.next_action()).collect()
    }

    /// Reads both partitions, with an open epoch.
    fn open() -> Reading {
        let mut reading = Reading::default();
        after(&mut reading, Event::Assigned(vec![A, B]));
        after(&mut reading, Event::Acquired(vec![at(A, Some(5)), at(B, Some(7))]));
        after(&mut reading, Event::Taken { open: true });
        reading
    }

    #[test]
    fn a_partition_is_read_from_where_the_database_says() {
        let mut reading = Reading::default();
        assert_eq!(after(&mut reading, Event::Assigned(vec![])), []);
        assert_eq!(after(&mut reading, Event::Assigned(vec![A, B])), [Action::Acquire(vec![A, B])]);
        assert!(reading.cursors().is_empty());
        let fresh = at(B, None);
        let acquired = Event::Acquired(vec![at(A, Some(5)), fresh.clone()]);
        assert_eq!(after(&mut reading, acquired), [Action::Start(vec![fresh])]);
        let started = after(&mut reading, Event::Started(vec![at(B, Some(2))]));
        assert_eq!(started, [Action::Resume(vec![(0, 0, 5), (0, 1, 2)]), Action::Tell]);
        assert_eq!(reading.cursors().iter().collect::<Vec<_>>(), [(&A, &5), (&B, &2)]);
    }

    #[test]
    fn an_epoch_is_handed_over_once_and_only_if_it_holds_something() {
        let mut reading = open();
        assert_eq!(after(&mut reading, Event::Due), [Action::Submit]);
        assert_eq!(after(&mut reading, Event::Due), []);
        assert_eq!(reading.in_flight(), 1);
        after(&mut reading, Event::Decided(Verdict::Stored));
        assert_eq!(reading.in_flight(), 0);
        assert_eq!(after(&mut reading, Event::Tick), []);
    }

    #[test]
    fn a_revoke_is_answered_when_its_epoch_is_settled() {
        let mut reading = open();
        let revoked = after(&mut reading, Event::Revoked(vec![B]));
        assert_eq!(revoked, [Action::Submit, Action::Settle(Patience::Group)]);
        let settled = after(&mut reading, Event::Settled { all: true });
        assert_eq!(settled, [Action::Release(vec![B]), Action::Tell, Action::Acknowledge]);
        assert_eq!(reading.ours().iter().collect::<Vec<_>>(), [&A]);
        assert_eq!(reading.cursors().keys().collect::<Vec<_>>(), [&A]);
    }

    #[test]
    fn after_a_refused_epoch_everything_is_acquired_again() {
        let mut reading = open();
        after(&mut reading, Event::Due);
        after(&mut reading, Event::Taken { open: true });
        after(&mut reading, Event::Decided(Verdict::Refused));
        let stock = [Action::Drop, Action::Settle(Patience::Unlimited)];
        assert_eq!(after(&mut reading, Event::Tick), stock);
        assert!(reading.cursors().is_empty());
        let settled = after(&mut reading, Event::Settled { all: true });
        assert_eq!(settled, [Action::Pause, Action::Acquire(vec![A, B])]);
        assert_eq!(after(&mut reading, Event::Due), []);
        assert_eq!(after(&mut reading, Event::Tick), []);
    }

    #[test]
    fn what_is_lost_is_dropped_and_the_rest_is_acquired_again() {
        let mut reading = open();
        let lost = after(&mut reading, Event::Lost(vec![A]));
        let expected = [Action::Release(vec![A]), Action::Tell, Action::Drop, Action::Settle(Patience::Unlimited)];
        assert_eq!(lost, expected);
        let settled = after(&mut reading, Event::Settled { all: true });
        assert_eq!(settled, [Action::Pause, Action::Acquire(vec![B])]);
        after(&mut reading, Event::Acquired(vec![at(B, Some(7))]));
        after(&mut reading, Event::Lost(vec![B]));
        assert_eq!(after(&mut reading, Event::Settled { all: true }), []);
    }

    #[test]
    fn a_partition_that_is_ours_and_comes_again_drops_what_is_open() {
        let mut reading = open();
        assert_eq!(after(&mut reading, Event::Assigned(vec![B])).first(), Some(&Action::Drop));
        assert_eq!(after(&mut reading, Event::Due), []);
    }

    #[test]
    fn what_could_not_be_begun_is_tried_again() {
        for event in [Event::NotResumed, Event::StartRefused] {
            let mut reading = open();
            assert_eq!(after(&mut reading, event), []);
            assert_eq!(after(&mut reading, Event::Tick).first(), Some(&Action::Drop));
        }
    }

    #[test]
    fn what_was_found_before_a_refused_start_does_not_count() {
        let mut reading = Reading::default();
        after(&mut reading, Event::Assigned(vec![A, B]));
        after(&mut reading, Event::Acquired(vec![at(A, Some(5)), at(B, None)]));
        after(&mut reading, Event::StartRefused);
        let acquired = after(&mut reading, Event::Acquired(vec![at(A, Some(6)), at(B, Some(3))]));
        assert_eq!(acquired.first(), Some(&Action::Resume(vec![(0, 0, 6), (0, 1, 3)])));
    }

    #[test]
    fn positions_that_were_there_and_are_gone_end_the_run() {
        let mut reading = open();
        assert_eq!(after(&mut reading, Event::Acquired(vec![at(A, None)])), [Action::PositionsGone]);
    }

    #[test]
    fn the_end_waits_for_a_refused_epoch_and_a_stop_does_not() {
        let end = |event: Event, verdict: Verdict| {
            let mut reading = open();
            let first = after(&mut reading, event);
            assert_eq!(first, [Action::Submit, Action::Settle(Patience::Unlimited)]);
            reading.on(Event::Decided(verdict));
            after(&mut reading, Event::Settled { all: true })
        };
        assert_eq!(end(Event::AtEnd, Verdict::Stored), [Action::End]);
        assert_eq!(end(Event::AtEnd, Verdict::Refused), []);
        assert_eq!(end(Event::Stop, Verdict::Refused), [Action::End]);
        let abort = after(&mut open(), Event::Abort);
        assert_eq!(abort, [Action::Drop, Action::Settle(Patience::Unlimited)]);
    }
}
