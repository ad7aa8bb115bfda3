//! Where records lie on a real Kafka: for each partitioner that may be declared, the partitions are read back and compared with
//! where a librdkafka that is set alike puts the same keys.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::e2e::project::{Project, block_on, brokers};

const PARTITIONS: i32 = 30;

const PROGRAM: &str = r#"
pipeline NAME { }
connection disk = files { root = "." }
connection bus = kafka { brokers = "BROKERS" }
connection db = sqlite { path = "out.db" }
type Word = { word: string }
source words: Word from disk { path = "words.jsonl", format = json }
topic spread from words { name = "NAME.ours", replication = 1, partitions = 30, OPTIONS }
sink places from spread to db { table = "places", write = append }
"#;

/// Many times the empty one, and all lengths that a hash may treat differently.
fn words() -> Vec<String> {
    let letter = |n: usize, i: usize| char::from_u32('a' as u32 + ((n * 7 + i * 11) % 26) as u32).unwrap();
    (0..500).map(|n| (0..n % 23).map(|i| letter(n, i)).collect()).collect()
}

/// A program that has written the words, and its topic.
fn written(what: &str, options: &str) -> (Project, String) {
    let program = PROGRAM.replace("BROKERS", &brokers()).replace("OPTIONS", options);
    let project = Project::new(what, &program);
    project.write("words.jsonl", words().iter().map(|it| format!("{{\"word\":{it:?}}}\n")).collect::<String>());
    project.run_to_end();
    let topic = format!("{}.ours", project.name);
    (project, topic)
}

/// Key and partition of everything that is committed.
fn read(topic: &str) -> Vec<(Option<String>, i32)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("group.id", "reads.partitions")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    let mut list = TopicPartitionList::new();
    (0..PARTITIONS).for_each(|it| list.add_partition_offset(topic, it, Offset::Beginning).unwrap());
    consumer.assign(&list).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (mut ended, mut found) = (0, vec![]);
    let started = Instant::now();
    while ended < PARTITIONS {
        assert!(started.elapsed() < Duration::from_secs(60), "{ended} partitions are at their end");
        match consumer.poll(Duration::from_millis(100)) {
            None => {}
            Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) => panic!("{error}"),
            Some(Ok(message)) => found.push((message.key().map(text), message.partition())),
        }
    }
    found
}

/// Where a librdkafka with this partitioner puts the words.
fn of_librdkafka(topic: &str, partitioner: &str) -> BTreeMap<String, i32> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers()).set("partitioner", partitioner);
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(1));
    let created = block_on(admin.create_topics(&[new], &AdminOptions::new())).unwrap();
    assert!(created.iter().all(Result::is_ok), "{created:?}");
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    for word in words() {
        producer.send(BaseRecord::<str, str>::to(topic).key(&word).payload("theirs")).map_err(|it| it.0).unwrap();
    }
    producer.flush(Duration::from_secs(60)).unwrap();
    let found = read(topic);
    assert_eq!(found.len(), words().len());
    found.into_iter().map(|(key, at)| (key.unwrap(), at)).collect()
}

fn agrees(declared: &str, librdkafka: &str) {
    let (project, topic) = written("partitioner", &format!("partition_key = word, {declared}"));
    let ours = read(&topic);
    assert_eq!(ours.len(), words().len());
    let theirs = of_librdkafka(&format!("{}.theirs", project.name), librdkafka);
    for (key, at) in ours {
        let key = key.unwrap();
        // `consistent_random` scatters the empty key.
        if !(key.is_empty() && librdkafka == "consistent_random") {
            assert_eq!(at, theirs[&key], "{declared}, {librdkafka}: `{key}`");
        }
    }
}

#[test]
fn a_topic_says_nothing_and_its_records_lie_where_java_looks_for_them() {
    agrees("", "murmur2");
}

#[test]
fn murmur2_places_records_as_librdkafka_does_that_is_set_to_it() {
    agrees("partitioner = murmur2", "murmur2_random");
}

#[test]
fn consistent_places_records_as_librdkafka_does_and_its_default() {
    agrees("partitioner = consistent", "consistent");
    agrees("partitioner = consistent", "consistent_random");
}

#[test]
fn records_without_a_key_go_to_all_partitions_in_turn() {
    for partitioner in ["murmur2", "consistent"] {
        let (_project, topic) = written("no_key", &format!("partitioner = {partitioner}"));
        let mut counts = vec![0; PARTITIONS as usize];
        for (key, at) in read(&topic) {
            assert_eq!(key, None);
            counts[at as usize] += 1;
        }
        counts.sort_unstable();
        assert_eq!((counts[0], counts[29], counts.iter().sum::<i32>()), (16, 17, 500), "{counts:?}");
    }
}
