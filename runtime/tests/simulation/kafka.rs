//! Kafka as far as stages go: logs with gaps, a group that gives and takes partitions, and members that hear of it late.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fastrand::Rng;
use pipewright_runtime::epoch::Partition;

/// News of the group, on its way to a lane.
#[derive(Clone, Debug)]
pub enum Change {
    Assigned(Vec<Partition>),
    Revoked(Vec<Partition>, u64),
    Lost(Vec<Partition>),
}

/// A member's client.
#[derive(Default)]
pub struct Member {
    /// Not yet heard by the lane.
    pub news: VecDeque<Change>,
    /// What the client may fetch.
    pub assigned: BTreeSet<Partition>,
    /// A revoke that the client waits for: its number, its partitions.
    pub revoking: Option<(u64, Vec<Partition>)>,
    /// The group has given its partitions away, and it does not know.
    pub evicted: bool,
    /// Neither crashed nor ended.
    pub here: bool,
}

/// The cluster.
pub struct Kafka {
    pub logs: BTreeMap<Partition, Vec<i64>>,
    pub members: Vec<Member>,
    owners: BTreeMap<Partition, Option<usize>>,
    targets: BTreeMap<Partition, usize>,
    revokes: u64,
}

impl Kafka {
    pub fn new(rng: &mut Rng, members: usize) -> Self {
        let (topics, partitions) = (rng.u16(1..=2), rng.i32(1..=2));
        let mut logs = BTreeMap::new();
        for topic in 0..topics {
            for partition in 0..partitions {
                // Compaction and markers of transactions leave gaps.
                let mut offset = rng.i64(0..3);
                let mut log = Vec::new();
                for _ in 0..rng.usize(0..20) {
                    log.push(offset);
                    offset += 1 + i64::from(rng.u8(0..4) == 0) * rng.i64(1..4);
                }
                logs.insert((topic, partition), log);
            }
        }
        let owners = logs.keys().map(|it| (*it, None)).collect();
        let members = (0..members).map(|_| Member::default()).collect();
        Self { logs, members, owners, targets: BTreeMap::new(), revokes: 0 }
    }

    pub fn join(&mut self, member: usize, rng: &mut Rng) {
        self.members[member] = Member { here: true, ..Member::default() };
        self.rebalance(rng);
    }

    pub fn leave(&mut self, member: usize, rng: &mut Rng) {
        self.members[member] = Member::default();
        self.take_from(member);
        self.rebalance(rng);
    }

    fn take_from(&mut self, member: usize) {
        for owner in self.owners.values_mut().filter(|it| **it == Some(member)) {
            *owner = None;
        }
    }

    /// Everybody gets something else, by chance.
    pub fn rebalance(&mut self, rng: &mut Rng) {
        let here: Vec<usize> =
            (0..self.members.len()).filter(|it| self.members[*it].here && !self.members[*it].evicted).collect();
        self.targets.clear();
        if !here.is_empty() {
            self.targets = self.owners.keys().map(|it| (*it, here[rng.usize(..here.len())])).collect();
        }
    }

    /// A member is thought dead while it is not.
    pub fn evict(&mut self, member: usize, rng: &mut Rng) {
        self.members[member].evicted = true;
        self.take_from(member);
        self.rebalance(rng);
    }

    /// It hears of it, and joins again.
    pub fn find_out(&mut self, member: usize, rng: &mut Rng) {
        let it = &mut self.members[member];
        it.evicted = false;
        it.revoking = None;
        let lost: Vec<Partition> = std::mem::take(&mut it.assigned).into_iter().collect();
        if !lost.is_empty() {
            it.news.push_back(Change::Lost(lost));
        }
        self.rebalance(rng);
    }

    /// A lane lets go, or the client has waited long enough.
    pub fn let_go(&mut self, member: usize, number: u64) {
        let it = &mut self.members[member];
        let Some((_, partitions)) = it.revoking.take_if(|it| it.0 <= number) else { return };
        for partition in partitions {
            it.assigned.remove(&partition);
            if !it.evicted {
                self.owners.insert(partition, None);
            }
        }
    }

    /// Whether everything is where it should be.
    pub fn is_settled(&self) -> bool {
        self.members.iter().all(|it| it.revoking.is_none())
            && self.owners.iter().all(|(it, owner)| owner.is_some() && owner.as_ref() == self.targets.get(it))
    }

    /// The group moves on by one member.
    pub fn move_on(&mut self) {
        for (index, member) in self.members.iter_mut().enumerate() {
            if !member.here || member.evicted || member.revoking.is_some() {
                continue;
            }
            let of = |wanted: fn(Option<usize>, usize, usize) -> bool| -> Vec<Partition> {
                let fits =
                    |it: &Partition| self.targets.get(it).is_some_and(|target| wanted(self.owners[it], *target, index));
                self.owners.keys().copied().filter(fits).collect()
            };
            let goes = of(|owner, target, index| owner == Some(index) && target != index);
            let comes = of(|owner, target, index| owner.is_none() && target == index);
            if !goes.is_empty() {
                self.revokes += 1;
                member.revoking = Some((self.revokes, goes.clone()));
                member.news.push_back(Change::Revoked(goes, self.revokes));
                return;
            }
            if !comes.is_empty() {
                for partition in &comes {
                    self.owners.insert(*partition, Some(index));
                    member.assigned.insert(*partition);
                }
                member.news.push_back(Change::Assigned(comes));
                return;
            }
        }
    }
}
