//! The client that fetches the records of the partitions a reader has: outside of every group, at positions it is given.
//!
//! The size of answers is fixed when a client is made. This one can be replaced without the group noticing:
//! the member of the group ([`super::reader`]) is another client, which never fetches. Knows nothing of rebalances.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, ClientContext, TopicPartitionList};

use super::answers::Received;
use super::batch::{Signal, know_partition};
use super::farewell;
use super::membership::Membership;

/// How often it is looked at what answers hold.
const LOOK: Duration = Duration::from_millis(100);

/// What the client tells while it fetches.
pub(crate) struct Watch {
    received: Mutex<Received>,
    fresh: AtomicBool,
    signal: Arc<Signal>,
}

impl ClientContext for Watch {
    fn stats_raw(&self, statistics: &[u8]) {
        let Ok(received) = serde_json::from_slice::<Received>(statistics) else { return };
        let before = std::mem::replace(&mut *self.received.lock(), received);
        if before.unpacked != received.unpacked {
            self.fresh.store(true, Ordering::SeqCst);
            self.signal.notify();
        }
    }

    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "kafka client");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // The member of the group has the same brokers, and says when they are away.
        tracing::debug!(%error, reason, "kafka client");
    }
}

impl ConsumerContext for Watch {}

/// A client that fetches.
pub(crate) struct Fetcher {
    pub(crate) consumer: Arc<BaseConsumer<Watch>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fetcher {
    /// Makes one; what it complains about is told to the member of the group.
    pub(crate) fn new(
        mut config: ClientConfig,
        partitions: usize,
        signal: Arc<Signal>,
        member: Arc<BaseConsumer<Membership>>,
    ) -> Result<Self, KafkaError> {
        // What the client says of itself names every partition: where there are many, less often.
        let often = LOOK.max(Duration::from_millis(u64::try_from(partitions).unwrap_or(u64::MAX)));
        config.set("statistics.interval.ms", often.as_millis().to_string());
        let watch = Watch { received: Mutex::default(), fresh: AtomicBool::new(false), signal };
        let consumer: BaseConsumer<Watch> = config.create_with_context(watch)?;
        let consumer = Arc::new(consumer);
        let stop = Arc::new(AtomicBool::new(false));
        let (polled, stopped) = (Arc::clone(&consumer), Arc::clone(&stop));
        let poll = move || {
            while !stopped.load(Ordering::SeqCst) {
                // Records never come here: every partition leads into a queue of its own before it is fetched.
                if let Some(Err(error)) = polled.poll(Duration::from_millis(100)) {
                    member.context().failed(&error);
                }
            }
        };
        let thread = std::thread::Builder::new().name("kafka-fetch".to_string()).spawn(poll);
        let thread = thread.map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        Ok(Self { consumer, stop, thread: Some(thread) })
    }

    /// What was received, if that is news.
    pub(crate) fn received(&self) -> Option<Received> {
        let watch = self.consumer.context();
        watch.fresh.swap(false, Ordering::SeqCst).then(|| *watch.received.lock())
    }

    /// Takes partitions at positions, paused.
    pub(crate) fn assign(&self, list: &TopicPartitionList) -> Result<(), KafkaError> {
        for element in list.elements() {
            know_partition(&self.consumer, element.topic(), element.partition());
        }
        self.consumer.pause(list)?;
        self.consumer.incremental_assign(list)
    }

    /// Gives partitions up; those that it does not have are no matter.
    pub(crate) fn unassign(&self, list: &TopicPartitionList) {
        if let Err(error) = self.consumer.incremental_unassign(list) {
            tracing::debug!(%error, "partitions were not given up");
        }
    }

    /// Ends it. The queues and batches that came of it go first.
    pub(crate) fn close(mut self) {
        self.stop.store(true, Ordering::SeqCst);
        farewell::close(&self.consumer);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to say.
            let _ = thread.join();
        }
    }
}
