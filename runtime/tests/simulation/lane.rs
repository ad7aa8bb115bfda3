//! Drives [`Reading`] as the reading thread does: carries out its actions one by one, and may be held up between any two.

use std::collections::BTreeMap;

use fastrand::Rng;
use pipewright_runtime::epoch::{Action, Event, Partition, Patience, Reading};
use pipewright_runtime::sinks::{Acquired, Move};

use crate::broken::Broken;
use crate::committer::{Asked, Committer, Epoch};
use crate::kafka::{Change, Kafka};

/// One assignment of one partition in the client.
struct Queue {
    next: i64,
    /// Fetched, not handed out.
    fetched: Vec<i64>,
}

/// Where in its loop a lane is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Replies,
    Poll,
    Close,
    End,
}

/// Everything around a lane.
pub struct Around<'a> {
    pub rng: &'a mut Rng,
    pub kafka: &'a mut Kafka,
    pub committer: &'a mut Committer,
    pub broken: Broken,
    /// Nothing but rebalances happens.
    pub calm: bool,
    /// Faults that may still happen.
    pub faults: &'a mut u32,
}

impl Around<'_> {
    /// Whether something goes wrong here, one time in so many.
    fn fault(&mut self, times: u8) -> bool {
        let happens = !self.calm && *self.faults > 0 && self.rng.u8(..times) == 0;
        *self.faults -= u32::from(happens);
        happens
    }
}

/// The reading half of an instance.
pub struct Lane {
    member: usize,
    reading: Reading,
    action: Option<Action>,
    asked: bool,
    turn: Turn,
    queues: BTreeMap<Partition, Queue>,
    old: BTreeMap<Partition, Vec<i64>>,
    rows: Vec<(Partition, i64)>,
    moves: BTreeMap<Partition, (i64, i64)>,
    revoke: u64,
    idle: bool,
    pub stop: bool,
    pub ended: bool,
    /// It has found the end, and settles its last epoch.
    pub ending: bool,
    pub positions_gone: bool,
    pub not_resumed: u64,
    pub impatient: u64,
}

impl Lane {
    pub fn new(member: usize) -> Self {
        Self {
            member,
            reading: Reading::default(),
            action: None,
            asked: false,
            turn: Turn::Replies,
            queues: BTreeMap::new(),
            old: BTreeMap::new(),
            rows: vec![],
            moves: BTreeMap::new(),
            revoke: 0,
            idle: false,
            stop: false,
            ended: false,
            ending: false,
            positions_gone: false,
            not_resumed: 0,
            impatient: 0,
        }
    }

    /// One step.
    pub fn step(&mut self, around: &mut Around<'_>, settled: bool) {
        if let Some(action) = self.action.take().or_else(|| self.reading.next_action()) {
            if !self.act(&action, around) {
                self.action = Some(action);
            }
            return;
        }
        match self.turn {
            Turn::Replies => {
                self.ending = false;
                self.replies(around);
                self.reading.on(Event::Tick);
                self.turn = Turn::Poll;
            }
            Turn::Poll if self.stop => self.reading.on(Event::Stop),
            Turn::Poll => {
                self.poll(around);
                self.turn = Turn::Close;
            }
            Turn::Close => {
                if around.rng.bool() {
                    self.reading.on(Event::Due);
                }
                self.turn = Turn::End;
            }
            Turn::End => {
                if self.idle && self.at_end(around.kafka, settled) {
                    self.ending = true;
                    let end = around.broken == Broken::EndsUnstored;
                    self.reading.on(if end { Event::Stop } else { Event::AtEnd });
                }
                self.turn = Turn::Replies;
            }
        }
    }

    fn replies(&mut self, around: &mut Around<'_>) {
        while let Some(verdict) = around.committer.verdicts.pop_front() {
            self.reading.on(Event::Decided(verdict));
        }
    }

    /// False: it is to be gone on with later.
    fn act(&mut self, action: &Action, around: &mut Around<'_>) -> bool {
        match action {
            Action::Submit => {
                let room = around.committer.has_room();
                if room {
                    around.committer.inbox.push_back(Asked::Store(self.close()));
                }
                return room;
            }
            Action::Drop => {
                if around.broken != Broken::OpenEpochKept {
                    drop(self.close());
                }
            }
            Action::Settle(patience) => {
                self.replies(around);
                let all = self.reading.in_flight() == 0;
                let over = !all && *patience == Patience::Group && around.fault(3);
                if !all && !over {
                    return false;
                }
                if !all {
                    self.impatient += 1;
                }
                self.reading.on(Event::Settled { all });
            }
            Action::Acquire(partitions) => {
                if !self.ask(around, || Asked::Acquire(partitions.clone())) {
                    return false;
                }
                let Some(mut acquired) = around.committer.acquired.take() else { return false };
                if around.broken == Broken::PositionFromMemory {
                    acquired.iter_mut().for_each(|it| self.remembered(it));
                }
                self.asked = false;
                self.reading.on(Event::Acquired(acquired));
            }
            Action::Start(fresh) => {
                let from_start = |it: &Acquired| Acquired { next: Some(0), ..it.clone() };
                if !self.ask(around, || Asked::Start(fresh.iter().map(from_start).collect())) {
                    return false;
                }
                let Some(started) = around.committer.started.take() else { return false };
                self.asked = false;
                self.reading.on(started.map_or(Event::StartRefused, Event::Started));
            }
            Action::Resume(positions) => {
                if !self.resume(positions, around) {
                    self.not_resumed += 1;
                    if around.broken != Broken::NotTriedAgain {
                        self.reading.on(Event::NotResumed);
                    }
                }
            }
            Action::Release(partitions) => {
                let room = around.committer.has_room();
                if room {
                    around.committer.inbox.push_back(Asked::Release(partitions.clone()));
                }
                return room;
            }
            Action::Acknowledge => around.kafka.let_go(self.member, self.revoke),
            Action::Pause => return around.rng.u8(..4) == 0,
            Action::Tell => {}
            Action::PositionsGone => self.positions_gone = true,
            Action::End => self.ended = true,
        }
        true
    }

    /// Asks once; true if that is done.
    fn ask(&mut self, around: &mut Around<'_>, what: impl FnOnce() -> Asked) -> bool {
        if !self.asked && around.committer.has_room() {
            around.committer.inbox.push_back(what());
            self.asked = true;
        }
        self.asked
    }

    fn remembered(&self, it: &mut Acquired) {
        if let Some(queue) = self.queues.get(&(it.topic, it.partition))
            && it.next.is_some()
        {
            it.next = Some(queue.next);
        }
    }

    fn close(&mut self) -> Epoch {
        let moves = std::mem::take(&mut self.moves).into_iter();
        let moves = moves
            .map(|((topic, partition), (previous, next))| Move { topic, partition, previous, next, generation: 0 })
            .collect();
        Epoch { moves, rows: std::mem::take(&mut self.rows) }
    }

    fn poll(&mut self, around: &mut Around<'_>) {
        self.idle = false;
        let Some(change) = around.kafka.members[self.member].news.pop_front() else { return self.records(around) };
        match change {
            Change::Assigned(partitions) => {
                self.forget(&partitions, around.broken);
                self.reading.on(Event::Assigned(partitions));
            }
            Change::Revoked(partitions, number) => {
                self.forget(&partitions, around.broken);
                self.revoke = number;
                if around.broken == Broken::AnsweredTooEarly {
                    around.kafka.let_go(self.member, number);
                }
                self.reading.on(Event::Revoked(partitions));
            }
            Change::Lost(partitions) => {
                self.forget(&partitions, around.broken);
                self.reading.on(Event::Lost(partitions));
            }
        }
    }

    fn forget(&mut self, partitions: &[Partition], broken: Broken) {
        for it in partitions {
            if let Some(queue) = self.queues.remove(it)
                && broken == Broken::OldMessages
            {
                self.old.insert(*it, queue.fetched);
            }
        }
    }

    fn resume(&mut self, positions: &[(u16, i32, i64)], around: &mut Around<'_>) -> bool {
        let keys: Vec<Partition> = positions.iter().map(|it| (it.0, it.1)).collect();
        self.forget(&keys, around.broken);
        let away = around.fault(24);
        let assigned = &around.kafka.members[self.member].assigned;
        if away || keys.iter().any(|it| !assigned.contains(it)) {
            return false;
        }
        for (topic, partition, next) in positions {
            let fetched = self.old.remove(&(*topic, *partition)).unwrap_or_default();
            self.queues.insert((*topic, *partition), Queue { next: *next, fetched });
        }
        true
    }

    /// Takes a batch of one partition in, as the engine does.
    fn records(&mut self, around: &mut Around<'_>) {
        self.idle = true;
        if self.queues.is_empty() {
            return;
        }
        let turn = around.rng.usize(..self.queues.len());
        let Some((partition, queue)) = self.queues.iter_mut().nth(turn) else { return };
        if around.kafka.members[self.member].assigned.contains(partition) {
            let from = queue.fetched.last().map_or(queue.next, |last| queue.next.max(last + 1));
            let log = &around.kafka.logs[partition];
            queue.fetched.extend(log.iter().filter(|it| **it >= from).take(around.rng.usize(0..5)));
        }
        let batch: Vec<i64> = queue.fetched.drain(..around.rng.usize(..=queue.fetched.len())).collect();
        let batch = batch.into_iter().filter(|it| *it >= queue.next).collect::<Vec<_>>();
        let Some(last) = batch.last() else {
            self.idle = queue.fetched.is_empty();
            return;
        };
        queue.next = last + 1;
        self.idle = false;
        let Some(next) = self.reading.cursors().get_mut(partition) else { return };
        for offset in batch {
            if offset >= *next {
                self.rows.push((*partition, offset));
                self.moves.entry(*partition).or_insert((*next, *next)).1 = offset + 1;
                *next = offset + 1;
            }
        }
        self.reading.on(Event::Taken { open: !self.moves.is_empty() });
    }

    /// Everything of ours is read, and everything else is in somebody's hands: what is on its way between two instances when both
    /// end is left for the next run; that is not promised otherwise, and so not judged.
    fn at_end(&mut self, kafka: &Kafka, settled: bool) -> bool {
        if !settled || !kafka.members[self.member].news.is_empty() {
            return false;
        }
        let read = |it: &Partition| {
            let last = kafka.logs[it].last().copied().unwrap_or(-1);
            self.queues.get(it).is_some_and(|queue| queue.next > last)
        };
        self.reading.ours().iter().all(read)
    }
}
