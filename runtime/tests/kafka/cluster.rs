//! What the tests share: the cluster's address, topics of their own, records to read.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pipewright_plan::Cleanup;
use pipewright_runtime::connectors::kafka::admin::{Cluster, TopicNeed};
use pipewright_runtime::connectors::kafka::reader::{ReaderConfig, ReaderEvent, StageReader};
use pipewright_runtime::connectors::kafka::spec::KafkaConnection;
use pipewright_runtime::report::{Event, Observer};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};

/// Only a hang takes this long, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(600);

pub fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").unwrap_or_else(|_| "127.0.0.1:19092".to_string())
}

pub fn connection() -> KafkaConnection {
    KafkaConnection { brokers: Some(vec![brokers()]), embedded: false, ..KafkaConnection::embedded() }
}

/// Keeps what it hears.
#[derive(Default)]
pub struct Heard(pub Mutex<Vec<Event>>);

impl Observer for Heard {
    fn event(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// A name that no other run has.
pub fn unique(name: &str) -> String {
    format!("test.{name}.{}", uuid::Uuid::new_v4().simple())
}

pub fn need(name: &str, partitions: u32) -> TopicNeed {
    TopicNeed {
        name: name.to_string(),
        owned: true,
        partitions: Some(partitions),
        replication: None,
        cleanup: Cleanup::Delete,
        retention_ms: None,
        segment_bytes: None,
    }
}

pub fn cluster() -> Cluster {
    let cluster = Cluster::new(&connection(), "main").unwrap();
    cluster.wait(PATIENCE, &Heard::default()).expect("these tests need Kafka: see KAFKA_BROKERS");
    cluster
}

/// A fresh topic.
pub fn topic(name: &str, partitions: u32) -> String {
    let name = unique(name);
    cluster().prepare(&[need(&name, partitions)]).unwrap();
    name
}

/// Record `n` goes to partition `n % partitions`; its value is `n` and a filler.
pub fn produce(topic: &str, partitions: i64, numbers: std::ops::Range<i64>) {
    let producer: ThreadedProducer<rdkafka::producer::DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("enable.idempotence", "true")
        .set("linger.ms", "20")
        .set("queue.buffering.max.messages", "1000000")
        .create()
        .unwrap();
    for number in numbers {
        let value = format!("{number} {}", "x".repeat(100));
        let key = number.to_string();
        let partition = (number % partitions) as i32;
        producer.send(BaseRecord::to(topic).partition(partition).key(&key).payload(&value)).map_err(|it| it.0).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

pub fn number(value: &[u8]) -> i64 {
    std::str::from_utf8(value).unwrap().split(' ').next().unwrap().parse().unwrap()
}

pub fn reader_config(group: &str, topics: &[&str]) -> ReaderConfig {
    ReaderConfig {
        connection: connection(),
        connection_name: "main".to_string(),
        group: group.to_string(),
        topics: topics.iter().map(|it| it.to_string()).collect(),
        partitions: 8,
        state_dir: None,
        observer: Arc::new(Heard::default()),
    }
}

pub fn reader(group: &str, topics: &[&str]) -> StageReader {
    StageReader::new(reader_config(group, topics)).unwrap()
}

/// Polls until partitions are assigned.
pub fn assigned(reader: &mut StageReader) -> Vec<(u16, i32)> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match reader.poll(Duration::from_millis(100), 100) {
            ReaderEvent::Assigned(partitions) => return partitions,
            ReaderEvent::Failed(error) => panic!("{error:?}"),
            ReaderEvent::Records(_) => panic!("records before the first resume"),
            ReaderEvent::Idle | ReaderEvent::Revoked(_) | ReaderEvent::Lost(_) => {}
        }
    }
    panic!("no partitions were assigned");
}
