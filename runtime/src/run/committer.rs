//! The storing half of a stage: a thread that owns the connection to the database and commits one epoch after the other.
//!
//! Waits for a database that is away, and never guesses after an unknown outcome: it acquires its partitions again and
//! looks where they stand. Generations live here: a lane cannot commit what this thread has not acquired.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::signal::StopSignal;
use crate::report::{ErrorClass, Event, Observer, RunError};
use crate::sinks::{Acquired, AnyDatabase, Chunk, Committed, Database, DatabaseError, Epoch, Originals};

/// What a lane asks.
enum Request {
    Acquire { partitions: Vec<(u16, i32)>, topic_ids: Vec<Option<String>> },
    StartAt(Vec<Acquired>),
    Release(Vec<(u16, i32)>),
    Commit(Box<Epoch>),
}

/// What a lane hears.
pub(super) enum Reply {
    /// An epoch is stored.
    Committed(Done),
    /// An epoch was not stored: somebody else owns a partition of it now.
    Fenced(String),
    /// No epoch will be stored any more.
    Failed(RunError),
}

/// An epoch that is stored, with buffers to use again.
pub(super) struct Done {
    pub(super) number: u64,
    pub(super) moves: Vec<crate::sinks::Move>,
    pub(super) committed: Committed,
    pub(super) chunks: Vec<Chunk>,
}

/// A lane's end of the line.
pub(super) struct Committer {
    requests: Sender<Request>,
    acquired: Receiver<Result<Vec<Acquired>, RunError>>,
    replies: Receiver<Reply>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Everything the thread needs.
pub(super) struct CommitterParts {
    pub(super) database: AnyDatabase,
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) originals: Arc<dyn Originals>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) stop: Arc<StopSignal>,
    /// "PostgreSQL at 127.0.0.1:5432 (connection `warehouse`)"
    pub(super) what: String,
    /// Places of the sinks, for errors about one.
    pub(super) sink_origins: Vec<pipewright_plan::Origin>,
}

impl Committer {
    pub(super) fn start(name: &str, parts: CommitterParts) -> Result<Self, RunError> {
        // One epoch may wait behind the one that is being stored: then the lane waits, and reading stops.
        let (requests, inbox) = bounded(1);
        let (acquired_out, acquired) = unbounded();
        let (replies_out, replies) = unbounded();
        let thread = std::thread::Builder::new()
            .name(format!("commit {name}"))
            .spawn(move || Worker { parts, generations: BTreeMap::new(), acquired_out, replies_out }.run(&inbox))
            .map_err(|error| super::bug(format!("cannot start a thread: {error}")))?;
        Ok(Self { requests, acquired, replies, thread: Some(thread) })
    }

    fn gone(&self) -> RunError {
        match self
            .replies
            .try_iter()
            .find_map(|reply| if let Reply::Failed(error) = reply { Some(error) } else { None })
        {
            Some(error) => error,
            None => super::bug("the committing thread has ended"),
        }
    }

    /// Takes partitions; blocks until the database answers.
    pub(super) fn acquire(
        &self,
        partitions: Vec<(u16, i32)>,
        topic_ids: Vec<Option<String>>,
    ) -> Result<Vec<Acquired>, RunError> {
        self.requests.send(Request::Acquire { partitions, topic_ids }).map_err(|_| self.gone())?;
        self.acquired.recv().map_err(|_| self.gone())?
    }

    /// Sets the position of partitions that were never read; blocks.
    pub(super) fn start_at(&self, positions: Vec<Acquired>) -> Result<(), RunError> {
        self.requests.send(Request::StartAt(positions)).map_err(|_| self.gone())?;
        self.acquired.recv().map_err(|_| self.gone())?.map(|_| ())
    }

    /// Gives partitions up.
    pub(super) fn release(&self, partitions: Vec<(u16, i32)>) {
        // A thread that has ended has given them up.
        let _ = self.requests.send(Request::Release(partitions));
    }

    /// Queues an epoch; blocks while another one waits.
    pub(super) fn commit(&self, epoch: Epoch) -> Result<(), RunError> {
        self.requests.send(Request::Commit(Box::new(epoch))).map_err(|_| self.gone())
    }

    /// What has been answered by now.
    pub(super) fn reply(&self) -> Option<Reply> {
        self.replies.try_recv().ok()
    }

    /// Waits for the next answer.
    pub(super) fn wait(&self, timeout: Duration) -> Option<Reply> {
        self.replies.recv_timeout(timeout).ok()
    }

    /// Ends the thread after what was queued.
    pub(super) fn finish(mut self) {
        let (closed, _) = bounded(1);
        self.requests = closed;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Worker {
    parts: CommitterParts,
    generations: BTreeMap<(u16, i32), i64>,
    acquired_out: Sender<Result<Vec<Acquired>, RunError>>,
    replies_out: Sender<Reply>,
}

/// How an attempt to store an epoch went.
enum Outcome {
    Stored(Committed),
    Fenced(String),
    Failed(RunError),
}

impl Worker {
    fn run(mut self, inbox: &Receiver<Request>) {
        while let Ok(request) = inbox.recv() {
            match request {
                Request::Acquire { partitions, topic_ids } => {
                    let result = self.acquire(&partitions, &topic_ids);
                    let _ = self.acquired_out.send(result);
                }
                Request::StartAt(positions) => {
                    let result = self.start_at(&positions);
                    let _ = self.acquired_out.send(result.map(|()| vec![]));
                }
                Request::Release(partitions) => {
                    partitions.iter().for_each(|it| {
                        self.generations.remove(it);
                    });
                }
                Request::Commit(epoch) => match self.store(*epoch) {
                    Ok(reply) => {
                        let _ = self.replies_out.send(reply);
                    }
                    Err(error) => {
                        let _ = self.replies_out.send(Reply::Failed(error));
                        return;
                    }
                },
            }
        }
    }

    fn acquire(&mut self, partitions: &[(u16, i32)], topic_ids: &[Option<String>]) -> Result<Vec<Acquired>, RunError> {
        let mut wait = Wait::new(&self.parts);
        loop {
            match self.parts.runtime.block_on(self.parts.database.acquire(partitions, topic_ids)) {
                Ok(acquired) => {
                    wait.over();
                    for it in &acquired {
                        self.generations.insert((it.topic, it.partition), it.generation);
                    }
                    return Ok(acquired);
                }
                Err(DatabaseError::Unavailable(why)) => wait.again(&why)?,
                Err(error) => return Err(run_error(error, &self.parts)),
            }
        }
    }

    fn start_at(&mut self, positions: &[Acquired]) -> Result<(), RunError> {
        let mut wait = Wait::new(&self.parts);
        loop {
            match self.parts.runtime.block_on(self.parts.database.start_at(positions)) {
                Ok(()) => {
                    wait.over();
                    return Ok(());
                }
                Err(DatabaseError::Unavailable(why)) => wait.again(&why)?,
                Err(error) => return Err(run_error(error, &self.parts)),
            }
        }
    }

    fn store(&mut self, mut epoch: Epoch) -> Result<Reply, RunError> {
        for it in &mut epoch.moves {
            match self.generations.get(&(it.topic, it.partition)) {
                Some(generation) => it.generation = *generation,
                None => return Ok(Reply::Fenced(format!("partition {} was given up", it.partition))),
            }
        }
        Ok(match self.store_until_known(&mut epoch) {
            Outcome::Stored(committed) => {
                let mut chunks = epoch.chunks;
                for chunk in &mut chunks {
                    chunk.bytes.clear();
                    chunk.rows.clear();
                }
                Reply::Committed(Done { number: epoch.number, moves: epoch.moves, committed, chunks })
            }
            Outcome::Fenced(why) => Reply::Fenced(why),
            Outcome::Failed(error) => return Err(error),
        })
    }

    fn store_until_known(&mut self, epoch: &mut Epoch) -> Outcome {
        let mut wait = Wait::new(&self.parts);
        loop {
            let originals = &*self.parts.originals;
            match self.parts.runtime.block_on(self.parts.database.commit(epoch, originals)) {
                Ok(committed) => {
                    wait.over();
                    return Outcome::Stored(committed);
                }
                Err(DatabaseError::Unavailable(why)) => {
                    if let Err(error) = wait.again(&why) {
                        return Outcome::Failed(error);
                    }
                    match reacquire(&mut self.parts, &mut self.generations, epoch, &mut wait) {
                        Standing::Before => {}
                        Standing::After => {
                            wait.over();
                            return Outcome::Stored(counted(epoch));
                        }
                        Standing::Elsewhere => {
                            return Outcome::Fenced("another instance has moved the positions".into());
                        }
                        Standing::Failed(error) => return Outcome::Failed(error),
                    }
                }
                Err(DatabaseError::Fenced { topic, partition }) => {
                    return Outcome::Fenced(format!(
                        "another instance has taken over partition {partition} of `{topic}`"
                    ));
                }
                Err(error) => return Outcome::Failed(run_error(error, &self.parts)),
            }
        }
    }
}

/// Where the partitions of an epoch stand after an unknown outcome.
enum Standing {
    /// Nothing was stored: store it again.
    Before,
    /// It was stored.
    After,
    /// Somebody else was here.
    Elsewhere,
    Failed(RunError),
}

/// The new generations go into the epoch, so that it can be stored again.
fn reacquire(
    parts: &mut CommitterParts,
    generations: &mut BTreeMap<(u16, i32), i64>,
    epoch: &mut Epoch,
    wait: &mut Wait,
) -> Standing {
    let partitions: Vec<_> = epoch.moves.iter().map(|it| (it.topic, it.partition)).collect();
    if partitions.is_empty() {
        return Standing::Before;
    }
    let unknown = vec![None; partitions.len()];
    let acquired = loop {
        match parts.runtime.block_on(parts.database.acquire(&partitions, &unknown)) {
            Ok(acquired) => break acquired,
            Err(DatabaseError::Unavailable(why)) => {
                if let Err(error) = wait.again(&why) {
                    return Standing::Failed(error);
                }
            }
            Err(error) => return Standing::Failed(run_error(error, parts)),
        }
    };
    let stands: BTreeMap<_, _> = acquired.iter().map(|it| ((it.topic, it.partition), it)).collect();
    let (mut before, mut after) = (true, true);
    for it in &mut epoch.moves {
        let Some(now) = stands.get(&(it.topic, it.partition)) else { return Standing::Elsewhere };
        before &= now.next == Some(it.previous);
        after &= now.next == Some(it.next);
        // Between our two acquisitions nobody else may have had it: the generation rose by exactly one.
        if now.generation != it.generation + 1 && now.next != Some(it.previous) && now.next != Some(it.next) {
            return Standing::Elsewhere;
        }
        it.generation = now.generation;
        generations.insert((it.topic, it.partition), now.generation);
    }
    match (before, after) {
        (true, _) => Standing::Before,
        (_, true) => Standing::After,
        _ => Standing::Elsewhere,
    }
}

/// What a stored epoch counts, when the answer that would have said so was lost.
fn counted(epoch: &Epoch) -> Committed {
    let mut committed = Committed::default();
    for chunk in &epoch.chunks {
        let live = || chunk.rows.iter().filter(|it| !it.superseded);
        let deleted = live().filter(|it| it.delete).count() as u64;
        committed.rows.push(crate::sinks::SinkRows { stored: live().count() as u64 - deleted, deleted });
    }
    for letter in &epoch.dead_letters {
        *committed.dead_letters.entry(letter.bad.name.to_string()).or_default() += 1;
    }
    committed
}

/// Waiting for a server, with growing pauses, told once to the observer.
struct Wait {
    observer: Arc<dyn Observer>,
    stop: Arc<StopSignal>,
    what: String,
    told: bool,
    pauses: backon::ExponentialBackoff,
}

fn pauses() -> backon::ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
        .build()
}

impl Wait {
    fn new(parts: &CommitterParts) -> Self {
        Self {
            observer: Arc::clone(&parts.observer),
            stop: Arc::clone(&parts.stop),
            what: parts.what.clone(),
            told: false,
            pauses: pauses(),
        }
    }

    /// Pauses before the next try. Ends with an error when the run is told to stop: what is not stored stays in Kafka.
    fn again(&mut self, why: &str) -> Result<(), RunError> {
        if !self.told {
            self.told = true;
            self.observer.event(Event::Waiting { what: self.what.clone(), why: alone(&self.what, why).to_string() });
        }
        let pause = self.pauses.next().unwrap_or(Duration::from_secs(5));
        let step = Duration::from_millis(50);
        let mut waited = Duration::ZERO;
        while waited < pause {
            if self.stop.requested() {
                return Err(RunError {
                    name: "stopped-while-waiting",
                    message: format!("stopped while {} was away: {}", self.what, alone(&self.what, why)),
                    help: Some("nothing is lost: the next run goes on where the last commit ended".into()),
                    origin: None,
                    class: ErrorClass::OutOfReach,
                });
            }
            std::thread::sleep(step);
            waited += step;
        }
        Ok(())
    }

    fn over(&mut self) {
        if self.told {
            self.told = false;
            self.observer.event(Event::Resumed { what: self.what.clone() });
        }
    }
}

/// What a database error means for the run.
pub(super) fn run_error(error: DatabaseError, parts: &CommitterParts) -> RunError {
    database_error(error, &parts.what, &parts.sink_origins)
}

/// The reason without the server's name before it, where that was just said.
pub(super) fn alone<'a>(what: &str, why: &'a str) -> &'a str {
    let server = what.split(" (connection").next().unwrap_or(what);
    why.strip_prefix(server).and_then(|it| it.strip_prefix(": ")).unwrap_or(why)
}

/// What a database error means for a run that has not begun.
pub(super) fn database_error(error: DatabaseError, what: &str, sinks: &[pipewright_plan::Origin]) -> RunError {
    match error {
        DatabaseError::Unavailable(why) => RunError {
            name: "out-of-reach",
            message: format!("{what} is out of reach: {}", alone(what, &why)),
            help: Some("is it running, and is the address right?".into()),
            origin: None,
            class: ErrorClass::OutOfReach,
        },
        DatabaseError::Configuration { name, message, help, sink } => RunError {
            name,
            message,
            help,
            origin: sink.and_then(|it| sinks.get(it)).copied(),
            class: ErrorClass::Configuration,
        },
        DatabaseError::Fenced { topic, partition } => RunError {
            name: "fenced",
            message: format!("another instance has taken over partition {partition} of `{topic}`"),
            help: None,
            origin: None,
            class: ErrorClass::Configuration,
        },
        DatabaseError::Stopped(refused) => RunError {
            name: "stopped-at-bad-record",
            message: format!(
                "stopped at a row that the database refuses (partition {}, offset {}): {}",
                refused.at.partition, refused.at.offset, refused.bad.reason
            ),
            help: Some("mend the data or the program and start again: it goes on at this record".into()),
            origin: sinks.get(refused.sink).copied(),
            class: ErrorClass::Policy,
        },
    }
}
