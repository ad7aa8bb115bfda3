//! Reading the topics of one stage as a member of its consumer group.
//!
//! The group decides who reads a partition; the database decides from where (`resume`), and who may commit. Knows no
//! database. Invariants: records come only of partitions that were resumed, only from the queue made for that resume, and
//! never below its position; whatever the client had fetched under an earlier assignment is destroyed with its queue.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use super::admin::{invalid_client, what};
use super::answers::{Answers, Spent};
use super::batch::{Batch, MessageQueue, QueueError, Signal};
use super::client::{self, Purpose};
use super::errors::{ANEW, ReaderError};
use super::farewell;
use super::fetcher::{Fetcher, Watch};
use super::membership::{Change, Membership};
use super::poller::Poller;
use super::slot::Slot;
use super::spec::KafkaConnection;
use crate::report::{ErrorClass, Observer, RunError};

/// How long the client may take to start an assignment.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// What is handed out at once, about: an epoch is that much larger than it should be.
const AT_ONCE: usize = 1 << 20;
/// A member that is shut out again so soon has a real twin.
const TWINS: Duration = Duration::from_secs(300);
/// How long leaving the group may take.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a reader needs to know.
#[derive(Clone)]
pub struct ReaderConfig {
    /// The cluster.
    pub connection: KafkaConnection,
    /// The connection's name, for messages.
    pub connection_name: String,
    /// The consumer group: `<program>.<stage>`.
    pub group: String,
    /// Names of the topics in Kafka, in the order of the stage.
    pub topics: Vec<String>,
    /// How many partitions they have together; bounds what is fetched ahead.
    pub partitions: usize,
    /// Where this instance keeps its slot; none: it is a new member after every restart.
    pub state_dir: Option<PathBuf>,
    /// Hears that brokers are away and back.
    pub observer: Arc<dyn Observer>,
}

/// What [`StageReader::poll`] gives.
pub enum ReaderEvent {
    /// Records of one partition, in the order of their offsets.
    Records(Batch),
    /// These partitions are ours now; they give nothing until [`StageReader::resume`].
    Assigned(Vec<(u16, i32)>),
    /// These partitions go: commit or roll back what came of them, then call [`StageReader::revoked_done`].
    Revoked(Vec<(u16, i32)>),
    /// These partitions are another's already: drop what came of them.
    Lost(Vec<(u16, i32)>),
    /// Nothing came in time.
    Idle,
    /// Something is wrong. After [`super::errors::ErrorKind::Retry`] the reader can be used on.
    Failed(ReaderError),
}

/// One assignment of one partition.
struct Incarnation {
    topic: u16,
    partition: i32,
    /// The offset after the last record handed out; below it nothing is.
    next: i64,
    queue: MessageQueue,
}

/// A member of a stage's consumer group. Used by one thread, the lane's.
pub struct StageReader {
    // Queues go before the client they hang on.
    incarnations: Vec<Incarnation>,
    /// Fetches the partitions of `fetched`; made when there are some.
    fetcher: Option<Fetcher>,
    fetched: Vec<(u16, i32)>,
    answers: Answers,
    /// Partitions, and where they go on, that a new fetcher has yet to take.
    waiting: Vec<(u16, i32, i64)>,
    pub(super) consumer: Option<Arc<BaseConsumer<Membership>>>,
    pub(super) topics: Arc<[String]>,
    changes: Receiver<Change>,
    failures: VecDeque<ReaderError>,
    signal: Arc<Signal>,
    /// The last revoke that was handed out.
    revoke: u64,
    /// How many bytes the last records had on average.
    of_record: usize,
    /// Where the next poll begins to look.
    turn: usize,
    stop: Arc<AtomicBool>,
    poller: Option<JoinHandle<()>>,
    slot: Option<Slot>,
    config: ReaderConfig,
    opened: Instant,
    /// How long it has waited for something to come.
    waited: Duration,
    /// When it last came back as a new member.
    rejoined: Option<Instant>,
}

impl StageReader {
    /// Joins the group.
    pub fn new(config: ReaderConfig) -> Result<Self, RunError> {
        let slot = match &config.state_dir {
            None => None,
            Some(directory) => Some(Slot::take(directory, &config.group).map_err(|error| RunError {
                name: "state-directory",
                message: format!("the state directory `{}` cannot be used: {error}", directory.display()),
                help: Some("make it writable for the program".to_string()),
                origin: None,
                class: ErrorClass::Configuration,
            })?),
        };
        Self::open(config, slot)
    }

    /// After the group has shut this member out for another one of its name: a new member in its place, true. The slot is
    /// locked, so that other one is this process itself, asking twice while brokers hung; false if it happens again at once,
    /// for then a copy of the state directory is in use. All partitions are lost.
    pub fn rejoin(&mut self) -> Result<bool, RunError> {
        if self.rejoined.is_some_and(|it| it.elapsed() < TWINS) {
            return Ok(false);
        }
        self.shut();
        let mut fresh = Self::open(self.config.clone(), self.slot.take())?;
        fresh.rejoined = Some(Instant::now());
        *self = fresh;
        Ok(true)
    }

    fn open(config: ReaderConfig, slot: Option<Slot>) -> Result<Self, RunError> {
        let ReaderConfig { connection, connection_name, group, topics, partitions, observer, .. } = config.clone();
        let mut settings = client::config(&connection, Purpose::Reader, partitions);
        settings.set("group.id", &group);
        // Only range gives the same partitions of several topics to the same member.
        settings.set("partition.assignment.strategy", if topics.len() > 1 { "range" } else { "cooperative-sticky" });
        if let Some(slot) = &slot {
            settings.set("group.instance.id", &slot.instance_id);
        }
        let topics: Arc<[String]> = topics.into();
        let signal = Arc::new(Signal::default());
        let (sender, changes) = crossbeam_channel::unbounded();
        let membership = Membership::new(topics.clone(), sender, signal.clone());
        let consumer: BaseConsumer<Membership> = BaseConsumer::from_config_and_context(&settings, membership)
            .map_err(|error| invalid_client(&connection_name, &error))?;
        let consumer = Arc::new(consumer);
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(|error| ReaderError::of("the topics cannot be subscribed to", &error))?;
        let stop = Arc::new(AtomicBool::new(false));
        let poller = Poller {
            consumer: consumer.clone(),
            topics: topics.clone(),
            stop: stop.clone(),
            observer,
            what: what(&connection, &connection_name),
            ids: None,
            partitions: vec![None; topics.len()],
        };
        let poller = std::thread::Builder::new().name("kafka-group".to_string()).spawn(move || poller.run()).map_err(
            |error| RunError {
                name: "thread",
                message: format!("a thread cannot be started: {error}"),
                help: None,
                origin: None,
                class: ErrorClass::Configuration,
            },
        )?;
        Ok(Self {
            incarnations: Vec::new(),
            fetcher: None,
            fetched: Vec::new(),
            answers: Answers::new(partitions, client::sets_answers(&connection)),
            waiting: Vec::new(),
            consumer: Some(consumer),
            topics,
            changes,
            failures: VecDeque::new(),
            signal,
            revoke: 0,
            of_record: AT_ONCE / 64,
            turn: 0,
            stop,
            poller: Some(poller),
            slot,
            config,
            opened: Instant::now(),
            waited: Duration::ZERO,
            rejoined: None,
        })
    }

    pub(super) fn consumer(&self) -> Result<&Arc<BaseConsumer<Membership>>, ReaderError> {
        self.consumer.as_ref().ok_or_else(|| ReaderError::retry("closed", "the reader is closed"))
    }

    /// What happened; waits up to `timeout` for it. Changes of the assignment come before records.
    pub fn poll(&mut self, timeout: Duration, max_records: usize) -> ReaderEvent {
        let deadline = Instant::now() + timeout;
        loop {
            if let Ok(change) = self.changes.try_recv() {
                return self.change(change);
            }
            if let Some(failure) = self.failures.pop_front() {
                return ReaderEvent::Failed(failure);
            }
            if let Err(error) = self.size_answers() {
                return ReaderEvent::Failed(error);
            }
            if let Some(batch) = self.records(max_records) {
                return ReaderEvent::Records(batch);
            }
            if self.failures.is_empty() {
                let before = Instant::now();
                let woken = self.signal.wait(deadline);
                self.waited += before.elapsed();
                if !woken {
                    return ReaderEvent::Idle;
                }
            }
        }
    }

    fn change(&mut self, change: Change) -> ReaderEvent {
        match change {
            Change::Assigned(partitions) => {
                self.forget(&partitions);
                ReaderEvent::Assigned(partitions)
            }
            Change::Revoked(partitions, number) => {
                self.forget(&partitions);
                self.revoke = number;
                ReaderEvent::Revoked(partitions)
            }
            Change::Lost(partitions) => {
                self.forget(&partitions);
                ReaderEvent::Lost(partitions)
            }
            Change::Failed(error) => ReaderEvent::Failed(error),
        }
    }

    /// Destroys the queues of these partitions, with whatever is in them; they are fetched no more.
    fn forget(&mut self, partitions: &[(u16, i32)]) {
        self.incarnations.retain(|it| !partitions.contains(&(it.topic, it.partition)));
        self.waiting.retain(|it| !partitions.contains(&(it.0, it.1)));
        let (gone, kept): (Vec<_>, Vec<_>) = self.fetched.iter().partition(|it| partitions.contains(it));
        self.fetched = kept;
        if gone.is_empty() {
            return;
        }
        if let (Some(fetcher), Ok(list)) =
            (&self.fetcher, self.list(gone.iter().map(|it| (it.0, it.1, Offset::Invalid))))
        {
            fetcher.unassign(&list);
        }
    }

    /// Replaces the fetching client by one that asks for more or less at once, where what came says so. What the old one holds is
    /// fetched again: it was not handed out.
    fn size_answers(&mut self) -> Result<(), ReaderError> {
        let received = self.fetcher.as_ref().and_then(Fetcher::received);
        if received.is_some_and(|it| self.answers.judge(it, self.spent())) {
            tracing::debug!(size = self.answers.size(), "answers of another size");
            self.waiting.extend(self.incarnations.drain(..).map(|it| (it.topic, it.partition, it.next)));
            self.fetched.clear();
            if let Some(old) = self.fetcher.take() {
                // It takes a moment, in which nobody needs to wait.
                let closed = std::thread::Builder::new().name("kafka-farewell".to_string()).spawn(move || old.close());
                closed.map_err(|error| ReaderError::retry("thread", format!("a thread cannot be started: {error}")))?;
            }
        }
        if self.waiting.is_empty() || !self.changes.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let result = self.resume(&waiting);
        if result.is_err() {
            self.waiting = waiting;
            // What has become of the partitions is told next.
            if !self.changes.is_empty() {
                return Ok(());
            }
        }
        result
    }

    fn spent(&self) -> Spent {
        Spent { open: self.opened.elapsed(), waiting: self.waited }
    }

    fn fetcher(&mut self) -> Result<Arc<BaseConsumer<Watch>>, ReaderError> {
        if self.fetcher.is_none() {
            let ReaderConfig { connection, partitions, group, .. } = &self.config;
            let mut settings = client::fetching(connection, *partitions, self.answers.size());
            // Never joined; the client wants a name for explicit assignments.
            settings.set("group.id", group);
            self.answers.begin(self.spent());
            let (signal, member) = (self.signal.clone(), self.consumer()?.clone());
            let made = Fetcher::new(settings, *partitions, signal, member);
            self.fetcher = Some(made.map_err(|error| ReaderError::of("a client cannot be made", &error))?);
        }
        let made = self.fetcher.as_ref().map(|it| it.consumer.clone());
        made.ok_or_else(|| ReaderError::retry("closed", "the reader is closed"))
    }

    /// Records of the next partition that has some.
    fn records(&mut self, max: usize) -> Option<Batch> {
        let max = max.min(AT_ONCE / self.of_record.max(1)).max(1);
        let count = self.incarnations.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            let Some(incarnation) = self.incarnations.get_mut(index) else { continue };
            let mut batch = incarnation.queue.take(max, Duration::ZERO);
            batch.drop_below(incarnation.next);
            if let Some(next) = batch.next_offset() {
                incarnation.next = incarnation.next.max(next);
            }
            let position = incarnation.next;
            for error in batch.errors().to_vec() {
                let failure = self.failure(&error, position);
                // The client has stopped to fetch; where that is no loss, the partition is taken up once more.
                if error.code == Code::AutoOffsetReset && !failure.is_fatal() {
                    self.take_up_again(error.topic, error.partition);
                }
                self.failures.push_back(failure);
            }
            if !batch.is_empty() {
                self.turn = index + 1;
                self.of_record = batch.bytes() / batch.len().max(1);
                return Some(batch);
            }
        }
        None
    }

    /// What an error on a partition's queue means.
    fn failure(&self, error: &QueueError, position: i64) -> ReaderError {
        let name = self.name(error.topic);
        let partition = error.partition;
        if error.code != Code::AutoOffsetReset {
            let doing = format!("partition {partition} of `{name}` cannot be read");
            return ReaderError::of_code(&doing, error.code, Some(&error.text));
        }
        match self.watermarks(error.topic, partition) {
            Ok((low, _)) if position < low => data_lost(name, partition, position, low),
            Ok((_, high)) if position > high => ReaderError::would_lose(
                "log-truncated",
                format!(
                    "partition {partition} of `{name}` ends at offset {high}, before the stored position {position}"
                ),
            )
            .help(format!(
                "the topic was created again, or its cluster lost records: `{ANEW} --partition {name}:{partition} --to latest` \
                 goes on at its end, and without `--to` it is read again from its start"
            )),
            Ok(_) | Err(_) => ReaderError::retry(
                "kafka-error",
                format!("partition {partition} of `{name}` cannot be read at offset {position}: {}", error.text),
            ),
        }
    }

    /// Gives a partition up and takes it again, without asking the group: the lane hears that it is lost, then assigned.
    fn take_up_again(&mut self, topic: u16, partition: i32) {
        let Ok(consumer) = self.consumer().cloned() else { return };
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        // Without the cooperative protocol the client knows assignments only as a whole.
        let list = if cooperative {
            self.list(std::iter::once((topic, partition, Offset::Invalid)))
        } else {
            consumer.assignment().map_err(|error| ReaderError::of("the assignment cannot be asked for", &error))
        };
        match list {
            Ok(list) => consumer.context().assign_again(&consumer, &list, cooperative),
            Err(error) => self.failures.push_back(error),
        }
    }

    /// Starts to read these partitions (topic, partition, next offset), which must be assigned. A queue of their own is made
    /// for this incarnation; one of an earlier incarnation is destroyed.
    pub fn resume(&mut self, positions: &[(u16, i32, i64)]) -> Result<(), ReaderError> {
        if positions.is_empty() {
            return Ok(());
        }
        let keys: Vec<(u16, i32)> = positions.iter().map(|it| (it.0, it.1)).collect();
        self.forget(&keys);
        let consumer = self.fetcher()?;
        let list = self.list(positions.iter().map(|it| (it.0, it.1, Offset::Offset(it.2))))?;
        if let Some(fetcher) = &self.fetcher {
            fetcher.assign(&list).map_err(|error| ReaderError::of("partitions cannot be fetched", &error))?;
        }
        self.fetched.extend(&keys);
        self.seek(&consumer, &list)?;
        for &(topic, partition, next) in positions {
            let failed = || ReaderError::retry("kafka-error", "the client gives no queue for a partition");
            let queue = MessageQueue::new(&consumer, self.topics.clone(), Some(self.signal.clone()));
            let queue = queue.ok_or_else(failed)?;
            if !queue.attach(&consumer, self.name(topic), partition) {
                return Err(failed());
            }
            self.incarnations.push(Incarnation { topic, partition, next, queue });
        }
        consumer.resume(&list).map_err(|error| ReaderError::of("partitions cannot be resumed", &error))
    }

    /// The assignment is started by another thread of the client: until it is, a seek is refused.
    fn seek(&self, consumer: &BaseConsumer<Watch>, list: &TopicPartitionList) -> Result<(), ReaderError> {
        let deadline = Instant::now() + ANSWER;
        let mut left = list.clone();
        loop {
            let result = consumer.seek_partitions(left, ANSWER);
            let result = result.map_err(|error| ReaderError::of("the stored positions cannot be sought", &error))?;
            let mut again = TopicPartitionList::new();
            for element in result.elements() {
                let code = match element.error() {
                    Ok(()) => continue,
                    Err(error) => error.rdkafka_error_code().unwrap_or(Code::Fail),
                };
                if !matches!(code, Code::State | Code::PreviousInProgress | Code::UnknownPartition) {
                    let doing = format!("partition {} of `{}` cannot be read", element.partition(), element.topic());
                    return Err(ReaderError::of_code(&doing, code, None));
                }
                let added = again.add_partition_offset(element.topic(), element.partition(), element.offset());
                added.map_err(|error| ReaderError::of("the stored positions cannot be sought", &error))?;
            }
            if again.count() == 0 {
                return Ok(());
            }
            if !self.changes.is_empty() || Instant::now() > deadline {
                return Err(ReaderError::retry("assignment-changed", "partitions are no longer assigned"));
            }
            left = again;
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The lane has committed or rolled back what it had of the partitions of the last [`ReaderEvent::Revoked`].
    pub fn revoked_done(&mut self) {
        if let Some(consumer) = &self.consumer {
            consumer.context().let_go(self.revoke);
        }
    }

    /// True if nothing is left below these ends (of [`end_offsets`](Self::end_offsets) or [`log_ends`](Self::log_ends)): what lies between the last record
    /// and the end are markers of transactions, which are no records.
    pub fn at_end(&self, ends: &[(u16, i32, i64)]) -> Result<bool, ReaderError> {
        let Some(fetcher) = &self.fetcher else { return Ok(ends.is_empty()) };
        let positions = fetcher.consumer.position();
        let positions = positions.map_err(|error| ReaderError::of("positions cannot be asked for", &error))?;
        Ok(ends.iter().all(|&(topic, partition, end)| {
            let handed_out =
                self.incarnations.iter().find(|it| (it.topic, it.partition) == (topic, partition)).map(|it| it.next);
            let passed = match positions.find_partition(self.name(topic), partition).map(|it| it.offset()) {
                Some(Offset::Offset(offset)) => Some(offset),
                _ => None,
            };
            handed_out.is_some_and(|next| next >= end || passed.is_some_and(|it| it >= end))
        }))
    }

    /// Commits positions to the group: only for tools that show the lag, never read back. Best effort.
    pub fn commit_for_lag_tools(&self, positions: &[(u16, i32, i64)]) {
        let list = self.list(positions.iter().map(|it| (it.0, it.1, Offset::Offset(it.2))));
        if let (Ok(list), Ok(consumer)) = (list, self.consumer())
            && let Err(error) = consumer.commit(&list, CommitMode::Async)
        {
            tracing::debug!(%error, "positions were not committed for lag tools");
        }
    }

    /// Leaves the group. What takes too long goes on behind our back.
    pub fn close(mut self) {
        self.shut();
    }

    fn shut(&mut self) {
        let Some(consumer) = self.consumer.take() else { return };
        consumer.context().close();
        self.stop.store(true, Ordering::SeqCst);
        self.incarnations.clear();
        let (poller, fetcher) = (self.poller.take(), self.fetcher.take());
        let (sender, gone) = crossbeam_channel::bounded::<()>(1);
        let farewell = move || {
            // News of it ends the wait of the poller, too. A member with a name does not leave: it, or its successor, comes back.
            farewell::close(&consumer);
            if let Some(fetcher) = fetcher {
                fetcher.close();
            }
            if let Some(poller) = poller {
                // A poller that panicked has nothing left to say.
                let _ = poller.join();
            }
            drop(consumer);
            drop(sender);
        };
        if std::thread::Builder::new().name("kafka-farewell".to_string()).spawn(farewell).is_ok() {
            let _ = gone.recv_timeout(FAREWELL);
        }
    }

    pub(super) fn name(&self, topic: u16) -> &str {
        self.topics.get(usize::from(topic)).map_or("?", String::as_str)
    }

    pub(super) fn list(
        &self,
        entries: impl Iterator<Item = (u16, i32, Offset)>,
    ) -> Result<TopicPartitionList, ReaderError> {
        let mut list = TopicPartitionList::new();
        for (topic, partition, offset) in entries {
            let added = list.add_partition_offset(self.name(topic), partition, offset);
            added.map_err(|error: KafkaError| ReaderError::of("a position cannot be used", &error))?;
        }
        Ok(list)
    }
}

impl Drop for StageReader {
    fn drop(&mut self) {
        self.shut();
    }
}

pub(crate) fn topic_recreated(name: &str) -> ReaderError {
    let message = format!("topic `{name}` was deleted and created again since it was last read");
    ReaderError::would_lose("topic-recreated", message)
        .help(format!("`{ANEW}` begins with the first record of the new topic; rows of the old one stay"))
}

pub(super) fn data_lost(name: &str, partition: i32, position: i64, low: i64) -> ReaderError {
    ReaderError::would_lose(
        "data-lost",
        format!("{} records of partition {partition} of `{name}` were deleted before they were read", low - position),
    )
    .help(format!(
        "the stored position is {position}, the topic begins at {low}: `{ANEW} --partition {name}:{partition}` goes on there"
    ))
}
