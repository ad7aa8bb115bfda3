//! The storing half of a stage: a thread that owns the connection to the database and commits one epoch after the other.
//!
//! Waits for a database that is away. What an answer means, and what to do where none comes, is decided by
//! [`Storing`], which has the generations: a lane cannot commit what this thread has not acquired.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::signal::StopSignal;
use crate::crash_points;
use crate::epoch::{Answer, Next, Refusal, Storing};
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
    started: Receiver<Result<Option<Vec<Acquired>>, RunError>>,
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
        let (started_out, started) = unbounded();
        let (replies_out, replies) = unbounded();
        let thread = std::thread::Builder::new()
            .name(format!("commit {name}"))
            .spawn(move || {
                let storing = Storing::default();
                Worker { parts, storing, fenced_by: None, acquired_out, started_out, replies_out }.run(&inbox);
            })
            .map_err(|error| super::bug(format!("cannot start a thread: {error}")))?;
        Ok(Self { requests, acquired, started, replies, thread: Some(thread) })
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

    /// Sets the position of partitions that were never read; blocks. Gives where they stand then; `None`: somebody else has
    /// acquired one of them.
    pub(super) fn start_at(&self, positions: Vec<Acquired>) -> Result<Option<Vec<Acquired>>, RunError> {
        self.requests.send(Request::StartAt(positions)).map_err(|_| self.gone())?;
        self.started.recv().map_err(|_| self.gone())?
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

    /// Ends the thread after what was queued; what it had still to say of epochs that are stored.
    pub(super) fn finish(mut self) -> Vec<Done> {
        let (closed, _) = bounded(1);
        self.requests = closed;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let stored = |reply| match reply {
            Reply::Committed(done) => Some(done),
            Reply::Fenced(_) | Reply::Failed(_) => None,
        };
        self.replies.try_iter().filter_map(stored).collect()
    }
}

struct Worker {
    parts: CommitterParts,
    storing: Storing,
    /// Of the last epoch that the fence kept out: topic and partition.
    fenced_by: Option<(String, i32)>,
    acquired_out: Sender<Result<Vec<Acquired>, RunError>>,
    started_out: Sender<Result<Option<Vec<Acquired>>, RunError>>,
    replies_out: Sender<Reply>,
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
                    let result = self.start_at(positions);
                    let _ = self.started_out.send(result);
                }
                Request::Release(partitions) => self.storing.release(&partitions),
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
        let acquired = self.ask(partitions, topic_ids, &mut wait)?;
        wait.over();
        self.storing.acquired(&acquired);
        Ok(acquired)
    }

    /// Asks until there is an answer.
    fn ask(
        &mut self,
        partitions: &[(u16, i32)],
        topic_ids: &[Option<String>],
        wait: &mut Wait,
    ) -> Result<Vec<Acquired>, RunError> {
        loop {
            let asked = self.parts.database.acquire(partitions, topic_ids);
            match wait.answer(&self.parts.runtime, asked)? {
                Ok(acquired) => return Ok(acquired),
                Err(DatabaseError::Unavailable(why)) => wait.again(&why)?,
                Err(error) => return Err(run_error(error, &self.parts)),
            }
        }
    }

    fn start_at(&mut self, mut positions: Vec<Acquired>) -> Result<Option<Vec<Acquired>>, RunError> {
        let mut wait = Wait::new(&self.parts);
        let partitions: Vec<_> = positions.iter().map(|it| (it.topic, it.partition)).collect();
        let mut unset = positions.clone();
        while !unset.is_empty() {
            let asked = self.parts.database.start_at(&unset);
            match wait.answer(&self.parts.runtime, asked)? {
                Ok(()) => break,
                Err(DatabaseError::Unavailable(why)) => {
                    wait.again(&why)?;
                    // An index of the topic is too little to know its id: what is stored stays.
                    let acquired = self.ask(&partitions, &[], &mut wait)?;
                    unset = self.storing.unset(&mut positions, &acquired);
                }
                Err(DatabaseError::Fenced { .. }) => return Ok(None),
                Err(error) => return Err(run_error(error, &self.parts)),
            }
        }
        wait.over();
        Ok(Some(positions))
    }

    fn store(&mut self, mut epoch: Epoch) -> Result<Reply, RunError> {
        let mut wait = Wait::new(&self.parts);
        let mut next = self.storing.begin(&mut epoch.moves);
        let mut stored = None;
        loop {
            next = match next {
                Next::Store => {
                    let (answer, committed) = self.send(&epoch, &mut wait)?;
                    stored = committed;
                    self.storing.answered(answer)
                }
                Next::Acquire => {
                    let partitions: Vec<_> = epoch.moves.iter().map(|it| (it.topic, it.partition)).collect();
                    let acquired = match partitions.as_slice() {
                        [] => vec![],
                        partitions => self.ask(partitions, &[], &mut wait)?,
                    };
                    self.storing.stands(&mut epoch.moves, &acquired)
                }
                Next::Stored | Next::WasStored => {
                    wait.over();
                    let committed = stored.unwrap_or_else(|| counted(&epoch));
                    let mut chunks = epoch.chunks;
                    for chunk in &mut chunks {
                        chunk.bytes.clear();
                        chunk.rows.clear();
                    }
                    return Ok(Reply::Committed(Done { number: epoch.number, moves: epoch.moves, committed, chunks }));
                }
                Next::Refused(refusal) => {
                    wait.over();
                    return Ok(Reply::Fenced(self.told(refusal)));
                }
            };
        }
    }

    /// Sends an epoch once; pauses where no answer came.
    fn send(&mut self, epoch: &Epoch, wait: &mut Wait) -> Result<(Answer, Option<Committed>), RunError> {
        crash_points::here("epoch-begin");
        self.fenced_by = None;
        let asked = self.parts.database.commit(epoch, &*self.parts.originals);
        match wait.answer(&self.parts.runtime, asked)? {
            Ok(committed) => {
                crash_points::here("epoch-stored");
                Ok((Answer::Stored, Some(committed)))
            }
            Err(DatabaseError::Unavailable(why)) => {
                wait.again(&why)?;
                Ok((Answer::Lost, None))
            }
            Err(DatabaseError::Fenced { topic, partition }) => {
                self.fenced_by = Some((topic, partition));
                Ok((Answer::Fenced, None))
            }
            Err(error) => Err(run_error(error, &self.parts)),
        }
    }

    fn told(&mut self, refusal: Refusal) -> String {
        match (refusal, self.fenced_by.take()) {
            (Refusal::GivenUp((_, partition)), _) => format!("partition {partition} was given up"),
            (Refusal::Taken, Some((topic, partition))) => {
                format!("another instance has taken over partition {partition} of `{topic}`")
            }
            (Refusal::Taken, None) => "another instance has taken over a partition".into(),
            (Refusal::Elsewhere, _) => "another instance has moved the positions".into(),
        }
    }
}

/// What a stored epoch counts, when the answer that would have said so was lost.
fn counted(epoch: &Epoch) -> Committed {
    let mut committed = Committed::default();
    for chunk in &epoch.chunks {
        let live = || chunk.rows.iter().filter(|it| !it.superseded);
        let deleted = live().filter(|it| it.delete).count() as u64;
        committed.rows.push(crate::sinks::SinkRows {
            stored: live().count() as u64 - deleted,
            deleted,
            ..crate::sinks::SinkRows::default()
        });
    }
    for letter in &epoch.dead_letters {
        *committed.dead_letters.entry(letter.bad.name.to_string()).or_default() += 1;
    }
    committed
}

/// How long a server may keep silent before a person is told.
const SILENCE: Duration = Duration::from_secs(10);

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

    /// What the server answers. One that keeps silent is waited for like one that is away, and told like it.
    fn answer<T>(
        &mut self,
        runtime: &tokio::runtime::Runtime,
        asked: impl Future<Output = Result<T, DatabaseError>>,
    ) -> Result<Result<T, DatabaseError>, RunError> {
        runtime.block_on(async {
            let mut asked = std::pin::pin!(asked);
            if let Ok(answer) = tokio::time::timeout(SILENCE, &mut asked).await {
                return Ok(answer);
            }
            let why = format!("no answer for {} seconds", SILENCE.as_secs());
            self.tell(&why);
            loop {
                if let Ok(answer) = tokio::time::timeout(Duration::from_millis(100), &mut asked).await {
                    return Ok(answer);
                }
                // Whether it is stored or not: the next run looks.
                if self.stop.requested() {
                    return Err(self.stopped(&why));
                }
            }
        })
    }

    fn tell(&mut self, why: &str) {
        if !self.told {
            self.told = true;
            self.observer.event(Event::Waiting { what: self.what.clone(), why: alone(&self.what, why).to_string() });
        }
    }

    fn stopped(&self, why: &str) -> RunError {
        RunError {
            name: "stopped-while-waiting",
            message: format!("stopped while {} was away: {}", self.what, alone(&self.what, why)),
            help: Some("nothing is lost: the next run goes on where the last commit ended".into()),
            origin: None,
            class: ErrorClass::OutOfReach,
        }
    }

    /// Pauses before the next try. Ends with an error when the run is told to stop: what is not stored stays in Kafka.
    fn again(&mut self, why: &str) -> Result<(), RunError> {
        self.tell(why);
        let pause = self.pauses.next().unwrap_or(Duration::from_secs(5));
        let step = Duration::from_millis(50);
        let mut waited = Duration::ZERO;
        while waited < pause {
            if self.stop.requested() {
                return Err(self.stopped(why));
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
