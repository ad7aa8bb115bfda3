//! A database as far as epochs go: positions with generations, rows, and transactions that happen whole or not at all.

use std::collections::BTreeMap;

use pipewright_runtime::epoch::Partition;
use pipewright_runtime::sinks::{Acquired, Move};

use crate::broken::Broken;

/// What a client asks.
#[derive(Clone, Debug)]
pub enum Request {
    Acquire(Vec<Partition>),
    Start(Vec<Acquired>),
    /// Moves, and the rows before them.
    Store(Vec<Move>, Vec<(Partition, i64)>),
}

/// What it hears.
#[derive(Clone, Debug)]
pub enum Response {
    Acquired(Vec<Acquired>),
    /// False: the fence kept it out.
    Done(bool),
}

#[derive(Default)]
struct Position {
    next: Option<i64>,
    generation: i64,
}

/// The database.
pub struct Database {
    positions: BTreeMap<Partition, Position>,
    /// Rows in the order in which they were stored.
    pub rows: BTreeMap<Partition, Vec<i64>>,
    pub refused: u64,
    pub broken: Broken,
}

impl Database {
    pub fn new(broken: Broken) -> Self {
        Self { positions: BTreeMap::new(), rows: BTreeMap::new(), refused: 0, broken }
    }

    pub fn next(&self, partition: Partition) -> Option<i64> {
        self.positions.get(&partition).and_then(|it| it.next)
    }

    /// Carries out a request. `torn`: the connection breaks between two transactions, if it is two.
    pub fn apply(&mut self, request: &Request, torn: bool) -> Response {
        match request {
            Request::Acquire(partitions) => Response::Acquired(partitions.iter().map(|it| self.acquire(*it)).collect()),
            Request::Start(starts) => {
                let free = |it: &Acquired| {
                    let now = self.positions.get(&(it.topic, it.partition));
                    now.is_some_and(|now| now.generation == it.generation && now.next.is_none())
                };
                let ok = starts.iter().all(free);
                if ok {
                    for it in starts {
                        self.positions.entry((it.topic, it.partition)).or_default().next = it.next;
                    }
                }
                Response::Done(ok)
            }
            Request::Store(moves, rows) => {
                let ok = moves.iter().all(|it| self.fence(it));
                if !ok {
                    self.refused += 1;
                    return Response::Done(false);
                }
                for (partition, offset) in rows {
                    self.rows.entry(*partition).or_default().push(*offset);
                }
                if !(torn && self.broken == Broken::PositionsApart) {
                    for it in moves {
                        self.positions.entry((it.topic, it.partition)).or_default().next = Some(it.next);
                    }
                }
                Response::Done(true)
            }
        }
    }

    fn fence(&self, it: &Move) -> bool {
        let Some(now) = self.positions.get(&(it.topic, it.partition)) else { return false };
        match self.broken {
            Broken::NoFence => true,
            Broken::PositionUnchecked => now.generation == it.generation,
            _ => now.generation == it.generation && now.next == Some(it.previous),
        }
    }

    fn acquire(&mut self, partition: Partition) -> Acquired {
        let position = self.positions.entry(partition).or_default();
        position.generation += 1;
        let (next, generation) = (position.next, position.generation);
        Acquired { topic: partition.0, partition: partition.1, next, generation, topic_id: None }
    }
}
