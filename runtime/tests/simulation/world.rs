//! Instances, a database and a cluster, moved by a seed; and the judge.
//!
//! Every step one of them moves a little: a lane, a committer, a call to the database, the group, or fate. Half of the calls that
//! outlive their connection are carried out later all the same. Whatever happens, the rows must be those of one epoch in one lane.

use fastrand::Rng;
use pipewright_runtime::epoch::Partition;

use crate::broken::Broken;
use crate::committer::Committer;
use crate::database::{Database, Request, Response};
use crate::kafka::Kafka;
use crate::lane::{Around, Lane};

/// More than any run needs that gets anywhere.
const STEPS: u32 = 20_000;

/// What happened in runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Happened {
    pub steps: u64,
    pub epochs: u64,
    pub refused: u64,
    pub crashes: u64,
    pub evictions: u64,
    pub rebalances: u64,
    pub lost_answers: u64,
    pub was_stored: u64,
    pub late: u64,
    pub not_resumed: u64,
    pub impatient: u64,
}

impl Happened {
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.epochs += other.epochs;
        self.refused += other.refused;
        self.crashes += other.crashes;
        self.evictions += other.evictions;
        self.rebalances += other.rebalances;
        self.lost_answers += other.lost_answers;
        self.was_stored += other.was_stored;
        self.late += other.late;
        self.not_resumed += other.not_resumed;
        self.impatient += other.impatient;
    }
}

struct Instance {
    lane: Lane,
    committer: Committer,
}

struct World {
    rng: Rng,
    kafka: Kafka,
    database: Database,
    /// `None`: crashed or stopped, and to be started again.
    instances: Vec<Option<Instance>>,
    ended: Vec<bool>,
    /// Calls whose clients are gone, and which may be carried out later.
    late: Vec<Request>,
    faults: u32,
    /// Nothing but rebalances happens.
    calm: bool,
    broken: Broken,
    happened: Happened,
    trace: Option<Vec<String>>,
}

/// Runs a seed; says what is wrong, if anything is. With a trace, what happened stands in it.
pub fn run(seed: u64, broken: Broken, trace: Option<&mut Vec<String>>) -> Result<Happened, String> {
    let mut rng = Rng::with_seed(seed);
    let calm = rng.u8(..4) == 0;
    let members = rng.usize(1..=3);
    let kafka = Kafka::new(&mut rng, members);
    let mut world = World {
        kafka,
        database: Database::new(broken),
        instances: (0..members).map(|_| None).collect(),
        ended: vec![false; members],
        late: vec![],
        faults: rng.u32(0..16),
        calm,
        broken,
        happened: Happened::default(),
        trace: trace.is_some().then(Vec::new),
        rng,
    };
    let result = world.run();
    if let (Some(out), Some(told)) = (trace, world.trace.take()) {
        *out = told;
    }
    result.map(|()| world.happened)
}

impl World {
    fn run(&mut self) -> Result<(), String> {
        self.start(0);
        while self.ended.contains(&false) {
            self.happened.steps += 1;
            if self.happened.steps > u64::from(STEPS) {
                return Err("it does not end".into());
            }
            self.step()?;
        }
        // Calls that are still on their way may arrive after everybody has gone.
        while let Some(request) = self.late.pop() {
            self.apply(&request)?;
        }
        self.happened.refused = self.database.refused;
        if self.calm && self.database.refused > 0 {
            return Err(format!("{} epochs were refused though nothing went wrong", self.database.refused));
        }
        self.judge_end()
    }

    fn step(&mut self) -> Result<(), String> {
        let index = self.rng.usize(..self.instances.len());
        match self.rng.u8(..16) {
            0..=6 => self.lane(index),
            7..=10 => {
                if let Some(it) = &mut self.instances[index] {
                    it.committer.step();
                }
                Ok(())
            }
            11..=13 => self.call(index),
            14 => {
                self.kafka.move_on();
                Ok(())
            }
            _ => self.fate(index),
        }
    }

    fn lane(&mut self, index: usize) -> Result<(), String> {
        let settled = self.is_settled();
        let Some(it) = &mut self.instances[index] else {
            if !self.ended[index] {
                self.start(index);
            }
            return Ok(());
        };
        let mut around = Around {
            rng: &mut self.rng,
            kafka: &mut self.kafka,
            committer: &mut it.committer,
            broken: self.broken,
            calm: self.calm,
            faults: &mut self.faults,
        };
        it.lane.step(&mut around, settled);
        if it.lane.positions_gone {
            return Err("an instance believes that the positions are gone".into());
        }
        if it.lane.ended {
            self.ended[index] = !it.lane.stop;
            self.tell(|| format!("{index} ends"));
            self.remove(index);
        }
        Ok(())
    }

    /// Whether an instance may end: what it does not have the others have, and they stay.
    fn is_settled(&mut self) -> bool {
        let stays = |it: &Option<Instance>| it.as_ref().is_some_and(|it| !it.lane.ending);
        let everybody = self.instances.iter().zip(&self.ended).all(|(it, ended)| stays(it) || *ended);
        everybody && self.kafka.members.iter().all(|it| !it.evicted) && self.kafka.is_settled()
    }

    fn start(&mut self, index: usize) {
        self.tell(|| format!("{index} starts"));
        self.instances[index] = Some(Instance { lane: Lane::new(index), committer: Committer::default() });
        self.kafka.join(index, &mut self.rng);
    }

    /// The process is gone; what it has sent is not.
    fn remove(&mut self, index: usize) {
        if let Some(it) = self.instances[index].take() {
            self.happened.was_stored += it.committer.was_stored;
            self.happened.not_resumed += it.lane.not_resumed;
            self.happened.impatient += it.lane.impatient;
            if let Some(call) = it.committer.call
                && call.done.is_none()
            {
                self.outlives(call.request);
            }
        }
        self.kafka.leave(index, &mut self.rng);
    }

    fn outlives(&mut self, request: Request) {
        if self.rng.bool() {
            self.late.push(request);
        }
    }

    /// A call to the database is carried out, or its answer is heard.
    fn call(&mut self, index: usize) -> Result<(), String> {
        let Some(it) = &mut self.instances[index] else { return Ok(()) };
        let Some(call) = &mut it.committer.call else { return Ok(()) };
        match call.done.take() {
            Some(response) => it.committer.hear(Some(response), self.broken),
            None => {
                let request = call.request.clone();
                let response = self.apply(&request)?;
                if let Some(call) = self.instances[index].as_mut().and_then(|it| it.committer.call.as_mut()) {
                    call.done = Some(response);
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, request: &Request) -> Result<Response, String> {
        let torn = self.broken == Broken::PositionsApart && self.rng.u8(..16) == 0;
        let response = self.database.apply(request, torn);
        self.tell(|| format!("the database: {request:?}: {response:?}"));
        if let (Request::Store(moves, _), Response::Done(true)) = (request, &response) {
            self.happened.epochs += 1;
            for it in moves {
                self.judge((it.topic, it.partition))?;
            }
        }
        Ok(response)
    }

    fn fate(&mut self, index: usize) -> Result<(), String> {
        if self.faults == 0 {
            if self.kafka.members[index].evicted {
                self.kafka.find_out(index, &mut self.rng);
            }
            return Ok(());
        }
        if self.rng.bool() {
            return Ok(());
        }
        self.faults -= 1;
        if self.calm {
            self.rebalance();
            return Ok(());
        }
        let here = self.instances[index].is_some();
        match self.rng.u8(..12) {
            0 if here => {
                self.tell(|| format!("{index} crashes"));
                self.happened.crashes += 1;
                self.remove(index);
            }
            1 => {
                if let Some(it) = &mut self.instances[index] {
                    it.lane.stop = true;
                }
            }
            2 => self.rebalance(),
            3 if here && !self.kafka.members[index].evicted => {
                self.tell(|| format!("{index} is thought dead"));
                self.happened.evictions += 1;
                self.kafka.evict(index, &mut self.rng);
            }
            4 if self.kafka.members[index].evicted => self.kafka.find_out(index, &mut self.rng),
            // The client has waited long enough for its lane.
            5 if self.kafka.members[index].revoking.is_some() => {
                if let Some((number, _)) = self.kafka.members[index].revoking {
                    self.tell(|| format!("{index} takes too long to let go"));
                    self.kafka.let_go(index, number);
                }
            }
            6 | 7 if !self.late.is_empty() => {
                if let Some(request) = self.late.pop() {
                    self.happened.late += 1;
                    self.apply(&request)?;
                }
            }
            8.. if self.lose_connection(index) => {}
            // Nothing that this could happen to.
            _ => self.faults += 1,
        }
        Ok(())
    }

    fn rebalance(&mut self) {
        self.tell(|| "a rebalance".into());
        self.happened.rebalances += 1;
        self.kafka.rebalance(&mut self.rng);
    }

    /// False: there is none that is waited for.
    fn lose_connection(&mut self, index: usize) -> bool {
        let Some(it) = &mut self.instances[index] else { return false };
        let Some(call) = it.committer.call.take() else { return false };
        it.committer.hear(None, self.broken);
        self.happened.lost_answers += 1;
        self.tell(|| format!("{index} loses its connection, done: {:?}", call.done));
        if call.done.is_none() {
            self.outlives(call.request);
        }
        true
    }

    /// What is stored of a partition is the beginning of its log, up to its position.
    fn judge(&self, partition: Partition) -> Result<(), String> {
        let log = self.kafka.logs.get(&partition).map(Vec::as_slice).unwrap_or_default();
        let rows = self.database.rows.get(&partition).map(Vec::as_slice).unwrap_or_default();
        let next = self.database.next(partition).unwrap_or_default();
        let expected = log.partition_point(|it| *it < next);
        if rows == &log[..expected] {
            return Ok(());
        }
        Err(format!("partition {partition:?} stands at {next}\n  stored: {rows:?}\n  log:    {log:?}"))
    }

    fn judge_end(&self) -> Result<(), String> {
        for (partition, log) in &self.kafka.logs {
            self.judge(*partition)?;
            let stored = self.database.rows.get(partition).map_or(0, Vec::len);
            if stored != log.len() {
                return Err(format!(
                    "everybody has ended, but {stored} of {} records of {partition:?} are stored",
                    log.len()
                ));
            }
        }
        Ok(())
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(what());
        }
    }
}
