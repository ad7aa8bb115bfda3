//! The thread that polls a reader's consumer for its callbacks, watches its topics, and says when brokers are away.
//!
//! The lane may block on its database for minutes; the group must not notice. Invariant: no record passes through here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode as Code;

use super::errors::{ReaderError, is_away};
use super::membership::{Change, Membership};
use super::native::topic_ids::topic_ids;
use super::reader::topic_recreated;
use crate::report::{Event, Observer};

/// How often a running reader makes sure that its topics are still the same.
const WATCH: Duration = Duration::from_secs(5);

/// Polls the consumer for its callbacks.
pub(crate) struct Poller {
    pub(crate) consumer: Arc<BaseConsumer<Membership>>,
    pub(crate) topics: Arc<[String]>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) what: String,
    /// The ids of the topics when they were first known.
    pub(crate) ids: Option<Vec<Option<String>>>,
    /// How many partitions each topic had when it was last looked at.
    pub(crate) partitions: Vec<Option<usize>>,
}

impl Poller {
    pub(crate) fn run(mut self) {
        let mut told = false;
        let mut asked = Instant::now();
        let mut watched: Option<Instant> = None;
        while !self.stop.load(Ordering::SeqCst) {
            // Records never come here: every partition is paused until it leads into a queue of its own.
            if let Some(Err(error)) = self.consumer.poll(Duration::from_millis(100)) {
                match self.consumer.client().fatal_error() {
                    None => self.consumer.context().failed(&error),
                    // The client is of no use any more, and says so on every poll.
                    Some(fatal) => return self.dead(fatal),
                }
            }
            let Some(why) = self.consumer.context().away() else {
                if watched.is_none_or(|it| it.elapsed() > WATCH) {
                    self.watch();
                    self.count_partitions();
                    watched = Some(Instant::now());
                }
                continue;
            };
            if !told {
                self.observer.event(Event::Waiting { what: self.what.clone(), why });
                told = true;
            }
            if asked.elapsed() > Duration::from_secs(1) {
                asked = Instant::now();
                if self.consumer.fetch_metadata(None, Duration::from_secs(1)).is_ok() {
                    self.consumer.context().back();
                    self.observer.event(Event::Resumed { what: self.what.clone() });
                    told = false;
                }
            }
        }
    }

    /// Tells the last thing that this client says, and waits for the reader to be closed.
    fn dead(&self, (code, words): (Code, String)) {
        let mut error = ReaderError::of_code("the group cannot be followed", code, Some(&words));
        if !error.is_fatal() {
            error = ReaderError::configuration("kafka-client", error.message);
        }
        self.consumer.context().tell(Change::Failed(error));
        while !self.stop.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The group gives added partitions to its members by itself; what they do to keys has to be told.
    fn count_partitions(&mut self) {
        for (name, before) in self.topics.iter().zip(&mut self.partitions) {
            let Ok(metadata) = self.consumer.fetch_metadata(Some(name), Duration::from_secs(2)) else { return };
            let now = metadata.topics().first().map_or(0, |it| it.partitions().len());
            if let Some(before) = before.filter(|it| *it < now) {
                let text = format!(
                    "topic `{name}` has {now} partitions now, {before} before: records of one key that come from here on may \
                     lie in another partition than those before, and their order over both is not kept"
                );
                self.observer.event(Event::Note { text });
            }
            *before = Some(now).filter(|it| *it > 0).or(*before);
        }
    }

    /// The client itself goes on reading a topic that was deleted and created again, at the old offset.
    fn watch(&mut self) {
        let now = match topic_ids(self.consumer.client(), &self.topics, Duration::from_secs(2)) {
            Ok(now) => now,
            // Not every broker answers that question; one that hangs answers no other one either.
            Err(code) if is_away(code) => {
                if self.consumer.fetch_metadata(None, Duration::from_secs(2)).is_err() {
                    self.consumer.context().unanswered();
                }
                return;
            }
            Err(_) => return,
        };
        let Some(before) = &self.ids else {
            self.ids = Some(now);
            return;
        };
        for ((name, before), now) in self.topics.iter().zip(before).zip(&now) {
            if let (Some(before), Some(now)) = (before, now)
                && before != now
            {
                self.consumer.context().tell(Change::Failed(topic_recreated(name)));
            }
        }
    }
}
