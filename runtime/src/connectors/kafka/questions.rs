//! What a reader asks the cluster about its topics: ends, starts, offsets of a time, ids; and what silence means.
//!
//! Questions go through the member of the group, which is there before anything is fetched. Nothing here moves a position.

use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::errors::{ReaderError, is_away};
use super::native::offsets::{self, Open};
use super::native::topic_ids::topic_ids;
use super::reader::{ANSWER, StageReader, data_lost, topic_recreated};

/// How long one question to the cluster may take before it counts as unanswered, and may be asked again.
const QUESTION: Duration = Duration::from_secs(3);

impl StageReader {
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

    pub(super) fn watermarks(&self, topic: u16, partition: i32) -> Result<(i64, i64), ReaderError> {
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
}
