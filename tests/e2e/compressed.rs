//! Records that compress to almost nothing: what a run takes of memory is what `explain` says, not what their batches unpack to.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, error::RDKafkaErrorCode};

use crate::e2e::project::{Project, ask, block_on, brokers, postgres_url, sql};

const PARTITIONS: u64 = 12;

const PROGRAM: &str = r#"
pipeline NAME
connection bus = kafka { brokers = "BROKERS" }
connection db = postgres { url = "POSTGRES", schema = "NAME" }
type Note = { id: int64, note: string }
topic notes: Note on bus { name = "NAME.notes", partitions = 12, replication = 1 }
transform sized from notes | select id, size = length(note)
sink sizes from sized to db { table = "sizes", write = append }
"#;

fn project(what: &str) -> Project {
    let program = PROGRAM.replace("BROKERS", &brokers()).replace("POSTGRES", &postgres_url());
    let project = Project::new(what, &program);
    sql(&format!("CREATE SCHEMA {}", project.name));
    let topic = format!("{}.notes", project.name);
    let client: AdminClient<_> = ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let fresh = NewTopic::new(&topic, i32::try_from(PARTITIONS).unwrap(), TopicReplication::Fixed(1));
    let made = block_on(client.create_topics(&[fresh], &AdminOptions::new())).unwrap();
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    project
}

/// Sends notes of so many letters, each of them as a record; the partitions take turns.
fn send(project: &Project, ids: std::ops::Range<u64>, letters: impl Fn(u64) -> String) {
    let topic = format!("{}.notes", project.name);
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("compression.type", "zstd")
        .set("message.max.bytes", "3000000")
        .set("linger.ms", "20")
        .create()
        .unwrap();
    for id in ids {
        let value = format!("{{\"id\":{id},\"note\":\"{}\"}}", letters(id));
        let partition = i32::try_from(id % PARTITIONS).unwrap();
        loop {
            let record: BaseRecord<'_, (), str> = BaseRecord::to(&topic).payload(value.as_str()).partition(partition);
            match producer.send(record) {
                Ok(()) => break,
                Err((error, _)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err((error, _)) => panic!("{error}"),
            }
        }
    }
    producer.flush(Duration::from_secs(60)).unwrap();
}

/// Letters of a kind that compress to a fifth or so, as ordinary records do.
fn words(id: u64) -> String {
    let mut state = id.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let mut text = String::new();
    while text.len() < 200 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let words = ["customer", "order placed", "Vienna", "paid by card", "warehouse 7", "express delivery"];
        text.push_str(words[usize::try_from((state >> 33) % 6).unwrap()]);
        text.push_str(&format!(" {} ", (state >> 40) % 1000));
    }
    text
}

/// As many letters as a large note has, of which the first do not compress well.
fn dense(id: u64) -> String {
    let mut state = id;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + u8::try_from((state >> 33) % 42).unwrap())
    };
    let first: String = (0..LARGE / 45).map(|_| letter()).collect();
    let rest = "y".repeat(LARGE - first.len());
    first + &rest
}

/// Runs to the end; the most memory it had, in MiB.
fn peak(project: &Project) -> u64 {
    project.start(&["run", "main.pipe", "--until-end"]).wait_measured() >> 10
}

fn check(project: &Project, ids: u64, letters: u64) {
    let rows = format!("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || sum(size) FROM {}.sizes", project.name);
    assert_eq!(ask(&rows), format!("{ids} {ids} {letters}"));
}

const LARGE: usize = 900_000;

#[test]
fn records_that_compress_to_nothing_take_no_more_memory_than_others() {
    let (project, count) = (project("notes"), 600);
    send(&project, 0..count, |_| "y".repeat(LARGE));
    let most = peak(&project);
    check(&project, count, count * LARGE as u64);
    assert!(0 < most && most < 150, "{most} MiB for {count} records of {LARGE} letters");
}

#[test]
fn a_topic_whose_records_begin_to_compress_well_takes_no_more_either() {
    let (project, before, after) = (project("denser"), 60_000, 400);
    send(&project, 0..before, words);
    send(&project, before..before + after, dense);
    let most = peak(&project);
    let letters: usize = (0..before).map(|id| words(id).len()).sum();
    check(&project, before + after, letters as u64 + after * LARGE as u64);
    assert!(0 < most && most < 150, "{most} MiB");
}
