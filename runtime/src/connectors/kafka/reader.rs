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
use super::batch::{Batch, MessageQueue, QueueError, Signal};
use super::client::{self, Purpose};
use super::errors::{ANEW, ReaderError, is_away};
use super::farewell;
use super::membership::{Change, Membership};
use super::native::offsets::{self, Open};
use super::native::topic_ids::topic_ids;
use super::poller::Poller;
use super::slot::Slot;
use super::spec::KafkaConnection;
use crate::report::{ErrorClass, Observer, RunError};

/// How long the client may take to start an assignment.
const ANSWER: Duration = Duration::from_secs(10);
/// How long one question to the cluster may take before it counts as unanswered, and may be asked again.
const QUESTION: Duration = Duration::from_secs(3);
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
    // Queues go before the consumer they hang on.
    incarnations: Vec<Incarnation>,
    consumer: Option<Arc<BaseConsumer<Membership>>>,
    topics: Arc<[String]>,
    changes: Receiver<Change>,
    failures: VecDeque<ReaderError>,
    signal: Arc<Signal>,
    /// The last revoke that was handed out.
    revoke: u64,
    /// Where the next poll begins to look.
    turn: usize,
    stop: Arc<AtomicBool>,
    poller: Option<JoinHandle<()>>,
    slot: Option<Slot>,
    config: ReaderConfig,
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
            consumer: Some(consumer),
            topics,
            changes,
            failures: VecDeque::new(),
            signal,
            revoke: 0,
            turn: 0,
            stop,
            poller: Some(poller),
            slot,
            config,
            rejoined: None,
        })
    }

    fn consumer(&self) -> Result<&Arc<BaseConsumer<Membership>>, ReaderError> {
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
            if let Some(batch) = self.records(max_records) {
                return ReaderEvent::Records(batch);
            }
            if self.failures.is_empty() && !self.signal.wait(deadline) {
                return ReaderEvent::Idle;
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

    /// Destroys the queues of these partitions, with whatever is in them.
    fn forget(&mut self, partitions: &[(u16, i32)]) {
        self.incarnations.retain(|it| !partitions.contains(&(it.topic, it.partition)));
    }

    /// Records of the next partition that has some.
    fn records(&mut self, max: usize) -> Option<Batch> {
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
        let consumer = self.consumer()?.clone();
        let keys: Vec<(u16, i32)> = positions.iter().map(|it| (it.0, it.1)).collect();
        self.forget(&keys);
        let list = self.list(positions.iter().map(|it| (it.0, it.1, Offset::Offset(it.2))))?;
        // A partition that gives already is stopped first, so that its new queue begins at the position.
        consumer.pause(&list).map_err(|error| ReaderError::of("partitions cannot be paused", &error))?;
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
    fn seek(&self, consumer: &BaseConsumer<Membership>, list: &TopicPartitionList) -> Result<(), ReaderError> {
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

    /// The next offset of each partition, as far as committed transactions go: topic, partition, offset.
    pub fn end_offsets(&self, partitions: &[(u16, i32)]) -> Result<Vec<(u16, i32, i64)>, ReaderError> {
        self.ends(partitions, Open::Behind)
    }

    /// The next offset of each partition, with what is written in transactions that are not decided. A cluster answers a commit
    /// as soon as its coordinator knows it: the partitions learn it later, and only then their records can be read.
    pub fn log_ends(&self, partitions: &[(u16, i32)]) -> Result<Vec<(u16, i32, i64)>, ReaderError> {
        self.ends(partitions, Open::Before)
    }

    fn ends(&self, partitions: &[(u16, i32)], open: Open) -> Result<Vec<(u16, i32, i64)>, ReaderError> {
        let names: Vec<(&str, i32)> = partitions.iter().map(|it| (self.name(it.0), it.1)).collect();
        let ends = offsets::ends(self.consumer()?.client(), &names, open, QUESTION).map_err(|code| {
            self.silent(code);
            ReaderError::of_code("the ends of the topics cannot be asked for", code, None)
        })?;
        Ok(partitions.iter().zip(ends).map(|(it, end)| (it.0, it.1, end)).collect())
    }

    /// The first offset that each partition still has.
    pub fn earliest(&self, partitions: &[(u16, i32)]) -> Result<Vec<(u16, i32, i64)>, ReaderError> {
        partitions
            .iter()
            .map(|&(topic, partition)| Ok((topic, partition, self.watermarks(topic, partition)?.0)))
            .collect()
    }

    /// The offset of the first record not older than this (microseconds since 1970); the end if there is none.
    pub fn offsets_for_time(
        &self,
        partitions: &[(u16, i32)],
        time_us: i64,
    ) -> Result<Vec<(u16, i32, i64)>, ReaderError> {
        // A millisecond that began before the time may hold older records.
        let millis = Offset::Offset(-(-time_us).div_euclid(1000));
        let list = self.list(partitions.iter().map(|it| (it.0, it.1, millis)))?;
        let found = self.consumer()?.offsets_for_times(list, QUESTION);
        let found = found.map_err(|error| self.unanswered("offsets cannot be looked up by time", &error))?;
        partitions
            .iter()
            .map(|&(topic, partition)| match found.find_partition(self.name(topic), partition).map(|it| it.offset()) {
                Some(Offset::Offset(offset)) => Ok((topic, partition, offset)),
                _ => Ok((topic, partition, self.watermarks(topic, partition)?.1)),
            })
            .collect()
    }

    /// True if nothing is left below these ends (of [`end_offsets`](Self::end_offsets) or [`log_ends`](Self::log_ends)): what lies between the last record
    /// and the end are markers of transactions, which are no records.
    pub fn at_end(&self, ends: &[(u16, i32, i64)]) -> Result<bool, ReaderError> {
        let positions = self.consumer()?.position();
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

    /// The ids of the stage's topics; `None`: the brokers give none.
    pub fn topic_ids(&self) -> Result<Vec<Option<String>>, ReaderError> {
        match topic_ids(self.consumer()?.client(), &self.topics, ANSWER) {
            Ok(ids) => Ok(ids),
            Err(Code::UnsupportedFeature | Code::UnsupportedVersion) => Ok(vec![None; self.topics.len()]),
            Err(code) => Err(ReaderError::of_code("the ids of topics cannot be asked for", code, None)),
        }
    }

    /// A stored position counts in the topic it was made in: one that was deleted and created again is another one.
    pub fn check_topic_id(&self, topic: u16, stored: Option<&str>, current: Option<&str>) -> Result<(), ReaderError> {
        match (stored, current) {
            (Some(stored), Some(current)) if stored != current => Err(topic_recreated(self.name(topic))),
            _ => Ok(()),
        }
    }

    /// A stored position below the first offset: how many records are gone.
    pub fn check_position(&self, topic: u16, partition: i32, next: i64) -> Result<(), ReaderError> {
        let (low, _) = self.watermarks(topic, partition)?;
        if next < low { Err(data_lost(self.name(topic), partition, next, low)) } else { Ok(()) }
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
        let poller = self.poller.take();
        let (sender, gone) = crossbeam_channel::bounded::<()>(1);
        let farewell = move || {
            // News of it ends the wait of the poller, too. A member with a name does not leave: it, or its successor, comes back.
            farewell::close(&consumer);
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

    fn name(&self, topic: u16) -> &str {
        self.topics.get(usize::from(topic)).map_or("?", String::as_str)
    }

    fn watermarks(&self, topic: u16, partition: i32) -> Result<(i64, i64), ReaderError> {
        let name = self.name(topic);
        let doing = || format!("the ends of partition {partition} of `{name}` cannot be asked for");
        let ends = self.consumer()?.fetch_watermarks(name, partition, QUESTION);
        ends.map_err(|error| self.unanswered(&doing(), &error))
    }

    /// What came instead of an answer. Brokers that keep silent are away, and the poller says so.
    fn unanswered(&self, doing: &str, error: &KafkaError) -> ReaderError {
        if let Some(code) = error.rdkafka_error_code() {
            self.silent(code);
        }
        ReaderError::of(doing, error)
    }

    fn silent(&self, code: Code) {
        if let Some(consumer) = self.consumer.as_ref().filter(|_| is_away(code)) {
            consumer.context().unanswered();
        }
    }

    fn list(&self, entries: impl Iterator<Item = (u16, i32, Offset)>) -> Result<TopicPartitionList, ReaderError> {
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

fn data_lost(name: &str, partition: i32, position: i64, low: i64) -> ReaderError {
    ReaderError::would_lose(
        "data-lost",
        format!("{} records of partition {partition} of `{name}` were deleted before they were read", low - position),
    )
    .help(format!(
        "the stored position is {position}, the topic begins at {low}: `{ANEW} --partition {name}:{partition}` goes on there"
    ))
}
