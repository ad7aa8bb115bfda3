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
            Event::StartRefused | Event::NotResumed => {
                self.found.clear();
                self.stale = true;
            }
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
