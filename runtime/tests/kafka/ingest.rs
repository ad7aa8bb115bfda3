//! Records of a source and its cursor are one transaction; a twin is shut out; only one instance has the lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use pipewright_runtime::connectors::kafka::cursor::{POSITIONS, read_cursor};
use pipewright_runtime::connectors::kafka::ingest::{IngestConfig, IngestError, IngestProducer, dead_letter_topic};
use pipewright_runtime::connectors::kafka::lease::SourceLease;
use pipewright_runtime::record::{BadRecord, DeadLetter, Original, RecordId};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};

use super::cluster::{Heard, PATIENCE, brokers, cluster, connection, need, unique};

fn config(program: &str, topic: &str) -> IngestConfig {
    IngestConfig {
        connection: connection(),
        connection_name: "main".to_string(),
        program: program.to_string(),
        was: None,
        source: "files".to_string(),
        transactional_id: format!("{program}.source.files"),
        topics: vec![need(topic, 3)],
        compression: "zstd".to_string(),
    }
}

fn send(producer: &mut IngestProducer, numbers: std::ops::Range<i64>) -> Result<(), IngestError> {
    for number in numbers {
        let key = number.to_string();
        let partition = i32::try_from(number % 3).unwrap();
        let value = format!("{number} value");
        let headers = [("source", b"files:1".as_slice())];
        producer.send(0, partition, Some(key.as_bytes()), Some(value.as_bytes()), &headers, Some(1_000_000))?;
    }
    Ok(())
}

/// Everything committed in a topic: key, value, partition, headers.
fn committed(topic: &str) -> Vec<(String, Vec<u8>, i32, usize)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("group.id", unique("check"))
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    let partitions = metadata.topics()[0].partitions().len() as i32;
    let mut list = TopicPartitionList::new();
    (0..partitions).for_each(|it| list.add_partition_offset(topic, it, Offset::Offset(0)).unwrap());
    consumer.assign(&list).unwrap();
    let (mut ended, mut found) = (0, Vec::new());
    let deadline = Instant::now() + PATIENCE;
    while ended < partitions {
        assert!(Instant::now() < deadline);
        match consumer.poll(Duration::from_millis(100)) {
            None => {}
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) => panic!("{error}"),
            Some(Ok(message)) => found.push((
                String::from_utf8(message.key().unwrap().to_vec()).unwrap(),
                message.payload().unwrap().to_vec(),
                message.partition(),
                message.headers().map_or(0, |it| it.count()),
            )),
        }
    }
    found
}

fn keys(topic: &str) -> Vec<i64> {
    let mut keys: Vec<i64> = committed(topic).into_iter().map(|it| it.0.parse().unwrap()).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn records_and_cursor_are_committed_together_and_read_back() {
    let (program, topic) = (unique("shop"), unique("orders"));
    let mut producer = IngestProducer::new(config(&program, &topic)).unwrap();
    assert_eq!((producer.cursor(), producer.partitions(0)), (None, 3));
    producer.begin().unwrap();
    send(&mut producer, 0..1000).unwrap();
    producer.commit("file:1000").unwrap();
    assert_eq!(producer.cursor(), Some("file:1000"));

    producer.begin().unwrap();
    send(&mut producer, 1000..1500).unwrap();
    // Brokers may refuse to abort what they have not heard of yet; then the producer is given up.
    if producer.abort().is_err() {
        producer = IngestProducer::new(config(&program, &topic)).unwrap();
    }
    producer.abort().unwrap();
    assert_eq!(producer.cursor(), Some("file:1000"));
    producer.begin().unwrap();
    send(&mut producer, 1000..1100).unwrap();
    producer.commit("file:1100").unwrap();
    // Left open: the next producer ends it.
    producer.begin().unwrap();
    send(&mut producer, 5000..5100).unwrap();

    let again = IngestProducer::new(config(&program, &topic)).unwrap();
    assert_eq!(again.cursor(), Some("file:1100"));
    assert_eq!(keys(&topic), (0..1100).collect::<Vec<_>>());
    for (key, value, partition, headers) in committed(&topic) {
        assert_eq!(value, format!("{key} value").into_bytes());
        assert_eq!(key.parse::<i32>().unwrap() % 3, partition);
        assert_eq!(headers, 1);
    }
}

#[test]
fn a_twin_shuts_the_first_out() {
    let (program, topic) = (unique("shop"), unique("orders"));
    let mut first = IngestProducer::new(config(&program, &topic)).unwrap();
    first.begin().unwrap();
    send(&mut first, 0..10).unwrap();
    first.commit("10").unwrap();
    first.begin().unwrap();
    send(&mut first, 10..20).unwrap();
    let mut twin = IngestProducer::new(config(&program, &topic)).unwrap();
    assert_eq!(twin.cursor(), Some("10"));
    twin.begin().unwrap();
    send(&mut twin, 10..30).unwrap();
    twin.commit("30").unwrap();
    let error = first.commit("20").unwrap_err();
    assert!(matches!(error, IngestError::Fenced), "{error:?}");
    let error = first.begin().and_then(|()| send(&mut first, 90..99)).and_then(|()| first.commit("99")).unwrap_err();
    assert!(matches!(error, IngestError::Fenced), "{error:?}");
    twin.begin().unwrap();
    send(&mut twin, 30..40).unwrap();
    twin.commit("40").unwrap();
    assert_eq!(keys(&topic), (0..40).collect::<Vec<_>>());
    assert_eq!(read_cursor(&connection(), &format!("{program}/files")).unwrap().as_deref(), Some("40"));
}

#[test]
fn dead_letters_are_in_the_same_transaction() {
    let (program, topic) = (unique("shop"), unique("orders"));
    let mut producer = IngestProducer::new(config(&program, &topic)).unwrap();
    let letter = |reason: &str, value: Vec<u8>| DeadLetter {
        at: RecordId::default(),
        ordinal: 0,
        original: Some(Original { value: Some(value), ..Original::default() }),
        node: "files".to_string(),
        step: None,
        place: "shop.pipe:3".to_string(),
        bad: BadRecord { name: "undecodable", reason: reason.to_string(), origin: None },
        stale_key: false,
    };
    producer.begin().unwrap();
    producer.dead_letter("a.csv:1", &letter("lost with its transaction", vec![0])).unwrap();
    producer.abort().unwrap();
    producer.begin().unwrap();
    producer.dead_letter("a.csv:7", &letter("`x` is no number", vec![0xff, 0x00])).unwrap();
    let large = vec![b'x'; 2_000_000];
    let error = producer.send(0, 0, None, Some(&large), &[], None).unwrap_err();
    let IngestError::Refused(bad) = error else { panic!("{error:?}") };
    assert_eq!(bad.name, "record-too-large");
    producer.dead_letter("a.csv:8", &letter(&bad.reason, large)).unwrap();
    send(&mut producer, 0..1).unwrap();
    producer.commit("a.csv:9").unwrap();
    let mut letters = committed(&dead_letter_topic(&program));
    letters.sort();
    assert_eq!(letters.len(), 2);
    let first: serde_json::Value = serde_json::from_slice(&letters[0].1).unwrap();
    assert_eq!(letters[0].0, "a.csv:7");
    assert_eq!(first["reason"], "`x` is no number");
    assert_eq!(first["place"], "shop.pipe:3");
    let value = base64::engine::general_purpose::STANDARD.decode(first["value"].as_str().unwrap()).unwrap();
    assert_eq!(value, [0xff, 0x00]);
    let second: serde_json::Value = serde_json::from_slice(&letters[1].1).unwrap();
    assert_eq!(second["value"], serde_json::Value::Null);
    assert!(second["reason"].as_str().unwrap().ends_with("(the original is too large to be kept)"));
    assert_eq!(keys(&topic), [0]);
}

/// An open transaction of another program on the shared topic hides what was committed after it began.
#[test]
fn the_newest_cursor_is_found_behind_an_open_transaction_of_another() {
    let (program, topic) = (unique("shop"), unique("orders"));
    let mut producer = IngestProducer::new(config(&program, &topic)).unwrap();
    producer.begin().unwrap();
    producer.commit("old").unwrap();
    let other: ThreadedProducer<rdkafka::producer::DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("transactional.id", unique("other"))
        .create()
        .unwrap();
    other.init_transactions(PATIENCE).unwrap();
    other.begin_transaction().unwrap();
    other.send(BaseRecord::to(POSITIONS).partition(0).key("other/source").payload("1")).map_err(|it| it.0).unwrap();
    other.flush(PATIENCE).unwrap();
    producer.begin().unwrap();
    producer.commit("new").unwrap();
    let start = Instant::now();
    let ending = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(1500));
        other.abort_transaction(PATIENCE).unwrap();
    });
    assert_eq!(read_cursor(&connection(), &format!("{program}/files")).unwrap().as_deref(), Some("new"));
    assert!(start.elapsed() >= Duration::from_millis(1400), "the cursor was known before the other transaction ended");
    ending.join().unwrap();
}

#[test]
fn one_instance_has_the_lease_and_another_takes_over() {
    let id = unique("lease");
    let cluster = cluster();
    cluster.prepare(&[pipewright_runtime::connectors::kafka::cursor::positions_topic()]).unwrap();
    let join = || SourceLease::join(&connection(), "main", &id, None, Arc::new(Heard::default())).unwrap();
    let mut first = join();
    let deadline = Instant::now() + PATIENCE;
    while !first.poll(Duration::from_millis(50)).unwrap() {
        assert!(Instant::now() < deadline);
    }
    let mut second = join();
    let until = Instant::now() + Duration::from_secs(6);
    while Instant::now() < until {
        let held = (first.poll(Duration::from_millis(50)).unwrap(), second.poll(Duration::from_millis(50)).unwrap());
        assert_ne!(held, (true, true));
    }
    assert!(first.is_held() && !second.is_held());
    first.close();
    while !second.poll(Duration::from_millis(50)).unwrap() {
        assert!(Instant::now() < deadline, "nobody took over");
    }
}
