//! Brokers that go away and come back, against the client's own in-process stand-in for brokers: no server needed.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pipewright_runtime::connectors::kafka::originals::KafkaOriginals;
use pipewright_runtime::connectors::kafka::reader::{ReaderConfig, ReaderEvent, StageReader};
use pipewright_runtime::connectors::kafka::spec::KafkaConnection;
use pipewright_runtime::record::RecordId;
use pipewright_runtime::report::{Event, Observer};
use pipewright_runtime::sinks::Originals;
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

/// Only a hang takes this long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn event(&self, event: Event) {
        let line = match event {
            Event::Waiting { what, .. } => format!("waiting for {what}"),
            Event::Resumed { what } => format!("{what} is back"),
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

fn produce(brokers: &str, numbers: std::ops::Range<i64>) {
    let producer: ThreadedProducer<rdkafka::producer::DefaultProducerContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
    for number in numbers {
        let value = number.to_string();
        producer.send(BaseRecord::<(), _>::to("orders").partition(0).payload(&value)).map_err(|it| it.0).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

fn connection(brokers: &str) -> KafkaConnection {
    KafkaConnection { brokers: Some(vec![brokers.to_string()]), embedded: false, ..KafkaConnection::embedded() }
}

fn reader(brokers: &str, topics: &[&str], observer: Arc<Heard>) -> StageReader {
    StageReader::new(ReaderConfig {
        connection: connection(brokers),
        connection_name: "main".to_string(),
        group: "shop.orders-to-warehouse".to_string(),
        topics: topics.iter().map(|it| it.to_string()).collect(),
        partitions: 1,
        state_dir: None,
        observer,
    })
    .unwrap()
}

fn read_until(reader: &mut StageReader, seen: &mut Vec<i64>, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    while seen.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} records", seen.len());
        match reader.poll(Duration::from_millis(100), 1000) {
            ReaderEvent::Records(batch) => {
                seen.extend(
                    batch.iter().map(|it| std::str::from_utf8(it.value.unwrap()).unwrap().parse::<i64>().unwrap()),
                );
            }
            ReaderEvent::Assigned(partitions) => {
                let position = |topic| if topic == 0 { seen.len() as i64 } else { 0 };
                let positions: Vec<_> = partitions.into_iter().map(|it| (it.0, it.1, position(it.0))).collect();
                reader.resume(&positions).unwrap();
            }
            ReaderEvent::Revoked(_) => reader.revoked_done(),
            ReaderEvent::Failed(error) => assert!(!error.is_fatal(), "{error:?}"),
            ReaderEvent::Lost(_) | ReaderEvent::Idle => {}
        }
    }
}

#[test]
fn a_reader_waits_for_brokers_and_goes_on() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("orders", 1, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    produce(&brokers, 0..100);
    let heard = Arc::new(Heard::default());
    let mut reader = reader(&brokers, &["orders"], heard.clone());
    let mut seen = Vec::new();
    read_until(&mut reader, &mut seen, 100);
    assert_eq!(*heard.0.lock().unwrap(), [""; 0]);

    cluster.broker_down(1).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while heard.0.lock().unwrap().is_empty() {
        assert!(Instant::now() < deadline, "nobody said that the brokers are away");
        match reader.poll(Duration::from_millis(100), 1000) {
            ReaderEvent::Failed(error) => assert!(!error.is_fatal(), "{error:?}"),
            ReaderEvent::Records(_) => panic!("records from nowhere"),
            _ => {}
        }
    }
    cluster.broker_up(1).unwrap();
    produce(&brokers, 100..200);
    read_until(&mut reader, &mut seen, 200);
    assert_eq!(seen, (0..200).collect::<Vec<_>>());
    while heard.0.lock().unwrap().len() < 2 {
        assert!(Instant::now() < deadline, "nobody said that the brokers are back");
        std::thread::sleep(Duration::from_millis(20));
    }
    let what = format!("Kafka at {brokers} (connection `main`)");
    assert_eq!(heard.0.lock().unwrap()[..2], [format!("waiting for {what}"), format!("{what} is back")]);
    reader.close();
}

/// The letter of a row that the database refuses waits for its bytes: that nobody answers does not mean that they are gone.
#[test]
fn an_original_is_gone_only_if_the_brokers_say_so() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("orders", 1, 1).unwrap();
    let brokers = cluster.bootstrap_servers();
    produce(&brokers, 0..3);
    let originals = KafkaOriginals::new(&connection(&brokers), "main", "shop", vec!["orders".to_string()]).unwrap();
    let fetch = |offset| originals.fetch(RecordId { topic: 0, partition: 0, offset });
    let value = |offset| fetch(offset).map(|it| it.and_then(|it| it.value));
    assert_eq!(value(1), Ok(Some(b"1".to_vec())));
    cluster.broker_down(1).unwrap();
    let refused = value(2).unwrap_err();
    assert!(refused.starts_with("Kafka does not give a record again"), "{refused}");
    cluster.broker_up(1).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while value(2).is_err() {
        assert!(Instant::now() < deadline, "nobody came back");
    }
    assert_eq!((value(2), value(3)), (Ok(Some(b"2".to_vec())), Ok(None)));
}

/// A broker that says "out of range" of an offset that is in range (as a fresh leader may) makes the client stop fetching.
#[test]
fn a_partition_that_the_client_gave_up_without_need_is_taken_up_again() {
    for topics in [&["orders"][..], &["orders", "customers"][..]] {
        let cluster = MockCluster::new(1).unwrap();
        topics.iter().for_each(|it| cluster.create_topic(it, 1, 1).unwrap());
        let brokers = cluster.bootstrap_servers();
        produce(&brokers, 0..100);
        let mut reader = reader(&brokers, topics, Arc::default());
        let mut seen = Vec::new();
        read_until(&mut reader, &mut seen, 100);
        let out_of_range = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
        cluster.request_errors(RDKafkaApiKey::Fetch, &[out_of_range; 3]);
        let deadline = Instant::now() + PATIENCE;
        let mut lost = Vec::new();
        while !lost.contains(&(0, 0)) {
            assert!(Instant::now() < deadline, "the error never came");
            match reader.poll(Duration::from_millis(100), 1000) {
                ReaderEvent::Failed(error) => assert!(!error.is_fatal(), "{error:?}"),
                ReaderEvent::Lost(partitions) => lost.extend(partitions),
                ReaderEvent::Records(_) => panic!("records from nowhere"),
                ReaderEvent::Assigned(partitions) => {
                    let positions: Vec<_> = partitions.into_iter().map(|it| (it.0, it.1, 0)).collect();
                    reader.resume(&positions).unwrap();
                }
                ReaderEvent::Revoked(_) | ReaderEvent::Idle => {}
            }
        }
        produce(&brokers, 100..150);
        read_until(&mut reader, &mut seen, 150);
        assert_eq!(seen, (0..150).collect::<Vec<_>>());
    }
}
