//! What the group tells a reader: partitions that come, go, or are lost; and what the client complains about.
//!
//! Runs on the reader's own polling thread, never on the lane's. Invariants: a partition is assigned paused, so nothing is
//! fetched before the lane has said from where; a revoke waits for the lane (at most five seconds), a loss does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use parking_lot::{Condvar, Mutex};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::batch::{Signal, know_partition};
use super::errors::{ReaderError, is_away, told};

/// How long a revoke waits for the lane to commit or roll back.
const GRACE: Duration = Duration::from_secs(5);

/// What the group says.
#[derive(Debug)]
pub(crate) enum Change {
    Assigned(Vec<(u16, i32)>),
    /// With the number that [`Membership::let_go`] is told when the lane is done.
    Revoked(Vec<(u16, i32)>, u64),
    Lost(Vec<(u16, i32)>),
    Failed(ReaderError),
}

/// The callbacks of a reader's consumer.
pub(crate) struct Membership {
    topics: Arc<[String]>,
    changes: Sender<Change>,
    signal: Arc<Signal>,
    /// The number of the last revoke, and of the last one that the lane is done with.
    revokes: Mutex<(u64, u64)>,
    done: Condvar,
    closing: AtomicBool,
    /// Why brokers are out of reach, if they are.
    away: Mutex<Option<String>>,
}

impl Membership {
    pub(crate) fn new(topics: Arc<[String]>, changes: Sender<Change>, signal: Arc<Signal>) -> Self {
        Self {
            topics,
            changes,
            signal,
            revokes: Mutex::new((0, 0)),
            done: Condvar::new(),
            closing: AtomicBool::new(false),
            away: Mutex::new(None),
        }
    }

    /// The lane has committed or rolled back what it had of the partitions of this revoke.
    pub(crate) fn let_go(&self, number: u64) {
        let mut revokes = self.revokes.lock();
        revokes.1 = revokes.1.max(number);
        self.done.notify_all();
    }

    /// Revokes wait for nobody any more.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        let _held = self.revokes.lock();
        self.done.notify_all();
    }

    /// Why brokers are out of reach, if they are.
    pub(crate) fn away(&self) -> Option<String> {
        self.away.lock().clone()
    }

    /// A question was not answered in time: a broker that hangs closes no connection, so the client says nothing of it.
    pub(crate) fn unanswered(&self) {
        self.away.lock().get_or_insert_with(|| "no answer".to_string());
    }

    /// Brokers answer again.
    pub(crate) fn back(&self) {
        *self.away.lock() = None;
    }

    pub(crate) fn tell(&self, change: Change) {
        // Nobody listens once the reader is dropped.
        let _ = self.changes.send(change);
        self.signal.notify();
    }

    /// An error of the consumer as a whole.
    pub(crate) fn failed(&self, error: &KafkaError) {
        match error.rdkafka_error_code() {
            Some(code) if is_away(code) => {}
            // The commit for lag tools is best effort; the group tells of itself by rebalancing.
            Some(Code::NoOffset | Code::PollExceeded) => {}
            _ => self.tell(Change::Failed(ReaderError::of("the group cannot be followed", error))),
        }
    }

    fn indexes(&self, list: &TopicPartitionList) -> Vec<(u16, i32)> {
        let index = |name: &str| self.topics.iter().position(|it| it == name).and_then(|it| u16::try_from(it).ok());
        list.elements().iter().filter_map(|it| index(it.topic()).map(|topic| (topic, it.partition()))).collect()
    }

    fn assign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> Result<(), KafkaError> {
        let mut paused = TopicPartitionList::new();
        for element in list.elements() {
            know_partition(consumer, element.topic(), element.partition());
            // A stand-in: the lane seeks before anything is fetched. Not "stored" nor "invalid", which would ask the group.
            paused.add_partition_offset(element.topic(), element.partition(), Offset::Offset(0))?;
        }
        if paused.count() > 0 {
            consumer.pause(&paused)?;
        }
        match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&paused),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.assign(&paused),
        }
    }

    /// Takes partitions out of the assignment and in again, paused. If the group changes it meanwhile, its word holds.
    pub(crate) fn assign_again(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList, cooperative: bool) {
        let partitions = self.indexes(list);
        let given_up = if cooperative { consumer.incremental_unassign(list) } else { consumer.unassign() };
        if let Err(error) = given_up {
            tracing::debug!(%error, "the group changes the assignment");
            return;
        }
        self.tell(Change::Lost(partitions.clone()));
        match self.assign(consumer, list) {
            Ok(()) => self.tell(Change::Assigned(partitions)),
            Err(error) => self.tell(Change::Failed(ReaderError::of("partitions cannot be assigned", &error))),
        }
    }

    fn wait_for_lane(&self, number: u64) {
        let deadline = Instant::now() + GRACE;
        let mut revokes = self.revokes.lock();
        while revokes.1 < number && !self.closing.load(Ordering::SeqCst) {
            if self.done.wait_until(&mut revokes, deadline).timed_out() {
                tracing::warn!("the lane did not close its epoch in time; its commit will be refused by the database");
                return;
            }
        }
    }
}

impl ClientContext for Membership {
    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "kafka client");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka client");
        if error.rdkafka_error_code() == Some(Code::AllBrokersDown) {
            self.away.lock().get_or_insert_with(|| told(reason));
        }
    }
}

impl ConsumerContext for Membership {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions = self.indexes(list);
        if kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            match self.assign(consumer, list) {
                Ok(()) if partitions.is_empty() => {}
                Ok(()) => self.tell(Change::Assigned(partitions)),
                Err(error) => self.tell(Change::Failed(ReaderError::of("partitions cannot be assigned", &error))),
            }
            return;
        }
        if !partitions.is_empty() {
            if consumer.assignment_lost() {
                self.tell(Change::Lost(partitions));
            } else {
                let number = {
                    let mut revokes = self.revokes.lock();
                    revokes.0 += 1;
                    revokes.0
                };
                self.tell(Change::Revoked(partitions, number));
                self.wait_for_lane(number);
            }
        }
        let unassigned = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
        };
        if let Err(error) = unassigned {
            self.tell(Change::Failed(ReaderError::of("partitions cannot be given up", &error)));
        }
    }
}
