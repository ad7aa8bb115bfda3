//! Positions as people see and change them: the ends of topics, and the cursors of sources.
//!
//! Invariants: nothing is created to be looked at; a cursor is written under the source's own transactional id, so that a run
//! that goes on is shut out of its open transaction and begins its next one at the new cursor.

use std::time::Duration;

use pipewright_plan::Start;
use rdkafka::consumer::Consumer;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};

use super::admin::{ANSWER, Cluster, invalid_client};
use super::client::{self, Purpose};
use super::cursor::{POSITIONS, cursor_key, positions_topic, read_cursor};
use super::errors::ReaderError;
use super::ingest::init;
use super::renamed;
use super::spec::KafkaConnection;
use crate::report::RunError;

/// How long the commit of a cursor may take.
const COMMIT: Duration = Duration::from_secs(30);

/// A topic as it is in Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicNow {
    /// Its id, if the brokers give ids.
    pub id: Option<String>,
    /// First and next offset of each partition.
    pub ends: Vec<(i64, i64)>,
}

impl Cluster {
    /// What there is of a topic; none: it is not there.
    pub fn topic_now(&self, topic: &str) -> Result<Option<TopicNow>, RunError> {
        let Some(partitions) = self.partition_counts()?.get(topic).copied() else { return Ok(None) };
        let id = self.topic_ids(&[topic.to_string()])?.into_iter().next().flatten();
        let partitions = 0..i32::try_from(partitions).unwrap_or(i32::MAX);
        let ends = partitions.map(|it| self.watermarks(topic, it)).collect::<Result<_, _>>()?;
        Ok(Some(TopicNow { id, ends }))
    }

    /// The offset at which a partition begins from there on; `ends` are its first and next offset.
    pub fn offset_at(&self, topic: &str, partition: i32, ends: (i64, i64), start: Start) -> Result<i64, ReaderError> {
        let us = match start {
            Start::Earliest => return Ok(ends.0),
            Start::Latest => return Ok(ends.1),
            Start::Timestamp(us) => us,
        };
        let failed = |error| ReaderError::of("offsets cannot be looked up by time", &error);
        let mut list = TopicPartitionList::new();
        // A millisecond that began before the time may hold older records.
        list.add_partition_offset(topic, partition, Offset::Offset(-(-us).div_euclid(1000))).map_err(failed)?;
        let found = self.probe.offsets_for_times(list, ANSWER).map_err(failed)?;
        Ok(match found.find_partition(topic, partition).map(|it| it.offset()) {
            Some(Offset::Offset(offset)) => offset,
            _ => ends.1,
        })
    }

    /// Whether there is such a topic.
    pub fn has_topic(&self, topic: &str) -> Result<bool, RunError> {
        Ok(self.partition_counts()?.contains_key(topic))
    }
}

/// The stored cursor of a source, also under the program's old name. Creates nothing, shuts nobody out.
pub fn stored_cursor(
    cluster: &Cluster,
    connection: &KafkaConnection,
    program: &str,
    was: Option<&str>,
    source: &str,
) -> Result<Option<String>, RunError> {
    if !cluster.has_topic(POSITIONS)? {
        return Ok(None);
    }
    let names = std::iter::once(program).chain(was);
    for name in names {
        let cursor = read_cursor(connection, &cursor_key(name, source))?;
        if cursor.as_deref().is_some_and(|it| !renamed::has_moved(it)) {
            return Ok(cursor);
        }
    }
    Ok(None)
}

/// Who may change the cursor of a source.
pub struct CursorWriter {
    producer: ThreadedProducer<DefaultProducerContext>,
    program: String,
    key: String,
    /// The key under the program's old name, if the cursor is still there.
    leaving: Option<String>,
    cursor: Option<String>,
}

impl CursorWriter {
    /// Shuts out whoever writes the source, then reads its cursor.
    pub fn new(
        cluster: &Cluster,
        connection: &KafkaConnection,
        connection_name: &str,
        program: &str,
        was: Option<&str>,
        source: &str,
        transactional_id: &str,
    ) -> Result<Self, RunError> {
        cluster.prepare(&[positions_topic()])?;
        let mut settings = client::config(connection, Purpose::Writer, 1);
        settings.set("transactional.id", transactional_id);
        let producer: ThreadedProducer<DefaultProducerContext> =
            settings.create().map_err(|error| invalid_client(connection_name, &error))?;
        init(&producer, source)?;
        let key = cursor_key(program, source);
        let own = read_cursor(connection, &key)?.filter(|it| !renamed::has_moved(it));
        let old = match was {
            Some(was) => renamed::old_cursor(connection, connection_name, was, source)?,
            None => None,
        };
        let leaving = old.as_ref().and(was).map(|was| cursor_key(was, source));
        Ok(Self { producer, program: program.to_string(), key, leaving, cursor: own.or(old) })
    }

    /// Where the source stands.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// Stores another cursor; none: as if the source had never been read.
    pub fn store(self, cursor: Option<&str>) -> Result<(), RunError> {
        let failed = |error| ReaderError::of("the position of the source cannot be stored", &error);
        self.producer.begin_transaction().map_err(failed)?;
        let mut record = BaseRecord::<str, str>::to(POSITIONS).partition(0).key(self.key.as_str());
        record.payload = cursor;
        let sent = self.producer.send(record).map_err(|(error, _)| failed(error));
        let moved = renamed::moved_to(&self.program);
        let sent = sent.and_then(|()| match &self.leaving {
            None => Ok(()),
            Some(old) => {
                let record = BaseRecord::to(POSITIONS).partition(0).key(old.as_str()).payload(moved.as_str());
                self.producer.send(record).map_err(|(error, _)| failed(error))
            }
        });
        if let Err(error) = sent {
            // The cluster aborts it anyway.
            let _ = self.producer.abort_transaction(COMMIT);
            return Err(error.into());
        }
        Ok(self.producer.commit_transaction(COMMIT).map_err(failed)?)
    }
}
