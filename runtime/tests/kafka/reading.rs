//! A stage's reader: every record once, from the given positions, also while partitions move.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pipewright_runtime::connectors::kafka::errors::ErrorKind;
use pipewright_runtime::connectors::kafka::originals::KafkaOriginals;
use pipewright_runtime::connectors::kafka::reader::{ReaderConfig, ReaderEvent, StageReader};
use pipewright_runtime::record::RecordId;
use pipewright_runtime::report::ErrorClass;
use pipewright_runtime::sinks::Originals;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{Offset, TopicPartitionList};

use super::cluster::{
    PATIENCE, assigned, brokers, cluster, connection, need, number, produce, reader, reader_config, topic, unique,
};

fn from(partitions: &[(u16, i32)], offset: i64) -> Vec<(u16, i32, i64)> {
    partitions.iter().map(|&(topic, partition)| (topic, partition, offset)).collect()
}

#[test]
fn every_record_of_every_partition_comes_once_in_order() {
    const RECORDS: i64 = 100_000;
    const PARTITIONS: i64 = 6;
    let topic = topic("orders", PARTITIONS as u32);
    produce(&topic, PARTITIONS, 0..RECORDS);
    let mut reader = reader(&unique("group"), &[&topic]);
    let partitions = assigned(&mut reader);
    assert_eq!(partitions.len(), PARTITIONS as usize);
    let ends = reader.end_offsets(&partitions).unwrap();
    assert_eq!(ends.iter().map(|it| it.2).sum::<i64>(), RECORDS);
    assert!(reader.earliest(&partitions).unwrap().iter().all(|it| it.2 == 0));
    reader.resume(&from(&partitions, 0)).unwrap();
    let mut next = [0_i64; PARTITIONS as usize];
    let mut count = 0;
    let deadline = Instant::now() + PATIENCE;
    while count < RECORDS {
        assert!(Instant::now() < deadline, "only {count} records came");
        match reader.poll(Duration::from_millis(200), 3000) {
            ReaderEvent::Records(batch) => {
                assert!(!batch.is_empty() && batch.len() <= 3000);
                for record in batch.iter() {
                    let place = &mut next[record.partition as usize];
                    assert_eq!((record.topic, record.offset), (0, *place));
                    assert_eq!(number(record.value.unwrap()), *place * PARTITIONS + i64::from(record.partition));
                    *place += 1;
                    count += 1;
                }
            }
            ReaderEvent::Idle => {}
            ReaderEvent::Failed(error) => panic!("{error:?}"),
            _ => panic!("the assignment changed"),
        }
    }
    assert!(reader.at_end(&ends).unwrap());
    assert!(matches!(reader.poll(Duration::from_millis(300), 10), ReaderEvent::Idle));
    reader.commit_for_lag_tools(&ends);
    reader.close();
}

#[test]
fn reading_goes_on_at_the_given_positions() {
    let topic = topic("orders", 2);
    produce(&topic, 2, 0..2000);
    let mut reader = reader(&unique("group"), &[&topic]);
    assigned(&mut reader);
    for (first, second) in [(700, 999), (10, 0), (1000, 500)] {
        reader.resume(&[(0, 0, first), (0, 1, second)]).unwrap();
        let mut seen: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
        let due = (2000 - first - second) as usize;
        let deadline = Instant::now() + PATIENCE;
        while seen.values().map(Vec::len).sum::<usize>() < due {
            assert!(Instant::now() < deadline, "{seen:?}");
            if let ReaderEvent::Records(batch) = reader.poll(Duration::from_millis(200), 128) {
                batch.iter().for_each(|it| seen.entry(it.partition).or_default().push(it.offset));
            }
        }
        assert_eq!(seen.remove(&0).unwrap_or_default(), (first..1000).collect::<Vec<_>>());
        assert_eq!(seen.remove(&1).unwrap_or_default(), (second..1000).collect::<Vec<_>>());
    }
}

/// What two instances would have in a database: positions with the owner that alone may move them.
type Store = Arc<Mutex<BTreeMap<(u16, i32), (i64, usize)>>>;

/// A lane as the engine has it: acquires, reads, commits now and then, rolls back what it may not commit.
struct Lane {
    me: usize,
    reader: StageReader,
    store: Store,
    /// Read and not committed: partition, expected position, numbers.
    open: BTreeMap<(u16, i32), (i64, Vec<i64>)>,
    rows: Vec<i64>,
    revoked: usize,
}

impl Lane {
    fn new(me: usize, group: &str, topics: &[&str], store: &Store) -> Self {
        let (reader, store) = (reader(group, topics), store.clone());
        Self { me, reader, store, open: BTreeMap::new(), rows: Vec::new(), revoked: 0 }
    }

    fn commit(&mut self) {
        let mut store = self.store.lock().unwrap();
        for (partition, (previous, numbers)) in std::mem::take(&mut self.open) {
            let next = previous + numbers.len() as i64;
            let position = store.get_mut(&partition).unwrap();
            // The fence: neither position nor owner may have moved.
            if *position == (previous, self.me) {
                *position = (next, self.me);
                self.rows.extend(numbers);
                self.open.insert(partition, (next, Vec::new()));
            }
        }
    }

    fn step(&mut self, max: usize) {
        match self.reader.poll(Duration::from_millis(20), max) {
            ReaderEvent::Records(batch) => {
                for record in batch.iter() {
                    let (previous, numbers) =
                        self.open.get_mut(&(record.topic, record.partition)).expect("a partition that is not ours");
                    assert_eq!(record.offset, *previous + numbers.len() as i64, "a stale or missing record");
                    numbers.push(number(record.value.unwrap()));
                }
            }
            ReaderEvent::Assigned(partitions) => {
                let mut positions = Vec::new();
                for (topic, partition) in partitions {
                    let mut store = self.store.lock().unwrap();
                    let position = store.entry((topic, partition)).or_insert((0, self.me));
                    position.1 = self.me;
                    self.open.insert((topic, partition), (position.0, Vec::new()));
                    positions.push((topic, partition, position.0));
                }
                match self.reader.resume(&positions) {
                    Ok(()) => {}
                    Err(error) => assert_eq!(error.class, ErrorKind::Retry, "{error:?}"),
                }
            }
            ReaderEvent::Revoked(partitions) => {
                self.commit();
                partitions.iter().for_each(|it| drop(self.open.remove(it)));
                self.revoked += partitions.len();
                self.reader.revoked_done();
            }
            ReaderEvent::Lost(partitions) => {
                partitions.iter().for_each(|it| drop(self.open.remove(it)));
            }
            ReaderEvent::Idle => {}
            ReaderEvent::Failed(error) => assert_eq!(error.class, ErrorKind::Retry, "{error:?}"),
        }
    }
}

#[test]
fn partitions_move_between_two_readers_without_loss_or_stale_records() {
    const RECORDS: i64 = 60_000;
    const PARTITIONS: i64 = 6;
    let topic = topic("orders", PARTITIONS as u32);
    produce(&topic, PARTITIONS, 0..RECORDS / 2);
    let (group, store) = (unique("group"), Store::default());
    let mut first = Lane::new(1, &group, &[&topic], &store);
    let deadline = Instant::now() + PATIENCE;
    let total = |lanes: &[&Lane]| lanes.iter().map(|it| it.rows.len()).sum::<usize>() as i64;
    while total(&[&first]) < 5000 {
        assert!(Instant::now() < deadline);
        first.step(500);
        first.commit();
    }
    // A second reader comes while records are read and not yet committed.
    let mut second = Lane::new(2, &group, &[&topic], &store);
    let mut turns = 0;
    while second.open.len() != 3 || first.open.len() != 3 {
        assert!(Instant::now() < deadline, "{:?} and {:?}", first.open.keys(), second.open.keys());
        first.step(50);
        second.step(50);
        turns += 1;
        if turns % 7 == 0 {
            first.commit();
        }
    }
    assert_eq!(first.revoked, 3);
    produce(&topic, PARTITIONS, RECORDS / 2..RECORDS);
    for _ in 0..20 {
        first.step(1000);
        second.step(1000);
    }
    second.commit();
    // It goes again, in the middle of an epoch: what it had not committed is read again by the first.
    let Lane { reader, rows: seconds, .. } = second;
    reader.close();
    while (first.rows.len() + seconds.len()) < RECORDS as usize {
        assert!(Instant::now() < deadline, "{} and {} rows", first.rows.len(), seconds.len());
        first.step(2000);
        first.commit();
    }
    assert!(!seconds.is_empty());
    let mut rows = [first.rows, seconds].concat();
    rows.sort_unstable();
    assert_eq!(rows, (0..RECORDS).collect::<Vec<_>>());
}

#[test]
fn several_topics_are_assigned_together() {
    let (orders, customers) = (topic("orders", 2), topic("customers", 2));
    produce(&orders, 2, 0..10);
    produce(&customers, 2, 100..110);
    let mut reader = reader(&unique("group"), &[&orders, &customers]);
    let mut partitions = assigned(&mut reader);
    partitions.sort_unstable();
    assert_eq!(partitions, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    reader.resume(&from(&partitions, 0)).unwrap();
    let mut seen = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while seen.len() < 20 {
        assert!(Instant::now() < deadline);
        if let ReaderEvent::Records(batch) = reader.poll(Duration::from_millis(200), 128) {
            seen.extend(batch.iter().map(|it| (it.topic, number(it.value.unwrap()))));
        }
    }
    seen.sort_unstable();
    let due: Vec<_> = (0..10).map(|it| (0, it)).chain((100..110).map(|it| (1, it))).collect();
    assert_eq!(seen, due);
}

#[test]
fn a_position_whose_records_are_deleted_is_data_lost() {
    let topic = topic("orders", 1);
    produce(&topic, 1, 0..100);
    let admin: AdminClient<DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&topic, 0, Offset::Offset(60)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(admin.delete_records(&list, &AdminOptions::new())).unwrap();
    let mut reader = reader(&unique("group"), &[&topic]);
    assigned(&mut reader);
    assert_eq!(reader.check_position(0, 0, 20).unwrap_err().name, "data-lost");
    reader.check_position(0, 0, 60).unwrap();
    reader.resume(&[(0, 0, 20)]).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        assert!(Instant::now() < deadline);
        match reader.poll(Duration::from_millis(200), 128) {
            ReaderEvent::Failed(error) => break error,
            ReaderEvent::Records(_) => panic!("records were skipped"),
            _ => {}
        }
    };
    assert_eq!((error.name, error.class), ("data-lost", ErrorKind::Fatal(ErrorClass::WouldLose)));
    assert_eq!(error.message, format!("40 records of partition 0 of `{topic}` were deleted before they were read"));
    let help = error.help.unwrap();
    assert!(help.contains(&format!("`pipewright positions reset FILE STAGE --partition {topic}:0`")), "{help}");
}

#[test]
fn a_topic_id_that_differs_is_a_topic_created_again() {
    let topic = topic("orders", 1);
    let reader = reader(&unique("group"), &[&topic]);
    let ids = reader.topic_ids().unwrap();
    let current = ids[0].as_deref();
    assert!(current.is_some());
    reader.check_topic_id(0, current, current).unwrap();
    reader.check_topic_id(0, None, current).unwrap();
    let error = reader.check_topic_id(0, Some("another"), current).unwrap_err();
    assert_eq!((error.name, error.class), ("topic-recreated", ErrorKind::Fatal(ErrorClass::WouldLose)));
}

/// Waiting for the session of the one before to end would take longer than any test waits.
fn long_session(config: &mut ReaderConfig) {
    let timeout = (2 * PATIENCE).as_millis().to_string();
    for name in ["session.timeout.ms", "max.poll.interval.ms"] {
        config.connection.client.insert(name.to_string(), timeout.clone());
    }
}

#[test]
fn a_static_member_takes_its_partitions_back_at_once() {
    let topic = topic("orders", 2);
    produce(&topic, 2, 0..10);
    let directory = tempfile::tempdir().unwrap();
    let mut config = reader_config(&unique("group"), &[&topic]);
    config.state_dir = Some(directory.path().to_path_buf());
    long_session(&mut config);
    let mut first = StageReader::new(config.clone()).unwrap();
    assert_eq!(assigned(&mut first).len(), 2);
    first.close();
    let mut again = StageReader::new(config).unwrap();
    assert_eq!(assigned(&mut again).len(), 2);
}

#[test]
fn a_twin_with_a_copied_state_directory_shuts_the_first_out() {
    let topic = topic("orders", 1);
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut config = reader_config(&unique("group"), &[&topic]);
    config.state_dir = Some(one.path().to_path_buf());
    let mut first = StageReader::new(config.clone()).unwrap();
    assigned(&mut first);
    std::fs::copy(one.path().join("instance"), other.path().join("instance")).unwrap();
    config.state_dir = Some(other.path().to_path_buf());
    let mut second = StageReader::new(config).unwrap();
    assigned(&mut second);
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        assert!(Instant::now() < deadline, "the first was not told");
        match first.poll(Duration::from_millis(100), 10) {
            ReaderEvent::Failed(error) if error.is_fatal() => break error,
            ReaderEvent::Revoked(_) => first.revoked_done(),
            _ => {}
        }
    };
    assert_eq!((error.name, error.class), ("twin", ErrorKind::Fatal(ErrorClass::Configuration)));
}

/// The test runs itself as a second process, and kills it.
#[test]
fn a_static_member_that_was_killed_takes_its_partitions_back_at_once() {
    const NAME: &str = "kafka::reading::a_static_member_that_was_killed_takes_its_partitions_back_at_once";
    if let Ok(victim) = std::env::var("PIPEWRIGHT_TEST_VICTIM") {
        let [group, topic, directory] = victim.split(' ').collect::<Vec<_>>()[..] else { panic!("{victim}") };
        let mut config = reader_config(group, &[topic]);
        config.state_dir = Some(directory.into());
        long_session(&mut config);
        let mut reader = StageReader::new(config).unwrap();
        let partitions = assigned(&mut reader);
        std::fs::write(std::path::Path::new(directory).join("ready"), format!("{}", partitions.len())).unwrap();
        std::thread::sleep(PATIENCE);
        panic!("nobody killed the victim");
    }
    let topic = topic("orders", 3);
    let directory = tempfile::tempdir().unwrap();
    let mut config = reader_config(&unique("group"), &[&topic]);
    config.state_dir = Some(directory.path().to_path_buf());
    long_session(&mut config);
    let mut victim = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env("PIPEWRIGHT_TEST_VICTIM", format!("{} {topic} {}", config.group, directory.path().display()))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read(directory.path().join("ready")).map_or(0, |it| it.len()) == 0 {
        assert!(Instant::now() < deadline, "the victim got no partitions");
        std::thread::sleep(Duration::from_millis(20));
    }
    victim.kill().unwrap();
    victim.wait().unwrap();
    let mut again = StageReader::new(config).unwrap();
    assert_eq!(assigned(&mut again).len(), 3);
}

#[test]
fn offsets_are_found_by_time() {
    let topic = topic("orders", 1);
    produce(&topic, 1, 0..10);
    std::thread::sleep(Duration::from_millis(20));
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
    std::thread::sleep(Duration::from_millis(20));
    produce(&topic, 1, 10..15);
    let reader = reader(&unique("group"), &[&topic]);
    assert_eq!(reader.offsets_for_time(&[(0, 0)], 0).unwrap(), [(0, 0, 0)]);
    assert_eq!(reader.offsets_for_time(&[(0, 0)], since).unwrap(), [(0, 0, 10)]);
    assert_eq!(reader.offsets_for_time(&[(0, 0)], since + 3_600_000_000).unwrap(), [(0, 0, 15)]);
}

#[test]
fn the_original_of_a_record_is_read_once_more() {
    let topic = topic("orders", 2);
    produce(&topic, 2, 0..5000);
    let originals = KafkaOriginals::new(&connection(), "main", &unique("group"), vec![topic]).unwrap();
    for (partition, offset) in [(1, 2000), (0, 0), (1, 7)] {
        let original = originals.fetch(RecordId { topic: 0, partition, offset }).unwrap().unwrap();
        assert_eq!(number(&original.value.unwrap()), offset * 2 + i64::from(partition));
        assert_eq!(original.key.unwrap(), (offset * 2 + i64::from(partition)).to_string().into_bytes());
        assert!(original.timestamp.is_some());
    }
    assert_eq!(originals.fetch(RecordId { topic: 0, partition: 0, offset: 90_000 }).unwrap(), None);
    assert_eq!(originals.fetch(RecordId { topic: 3, partition: 0, offset: 0 }).unwrap(), None);
}

#[test]
fn a_topic_that_is_created_again_while_it_is_read_stops_the_reader() {
    let topic = topic("orders", 1);
    produce(&topic, 1, 0..10);
    let mut reader = reader(&unique("group"), &[&topic]);
    let partitions = assigned(&mut reader);
    reader.resume(&from(&partitions, 0)).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut count = 0;
    while count < 10 {
        assert!(Instant::now() < deadline);
        if let ReaderEvent::Records(batch) = reader.poll(Duration::from_millis(100), 100) {
            count += batch.len();
        }
    }
    // The ids are asked for soon after the start.
    std::thread::sleep(Duration::from_secs(2));
    let admin: AdminClient<DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(admin.delete_topics(&[&topic], &AdminOptions::new())).unwrap();
    let cluster = cluster();
    while cluster.topic_ids(std::slice::from_ref(&topic)).unwrap()[0].is_some() {
        assert!(Instant::now() < deadline, "the topic was not deleted");
    }
    cluster.prepare(&[need(&topic, 1)]).unwrap();
    let error = loop {
        assert!(Instant::now() < deadline, "nothing was noticed");
        if let ReaderEvent::Failed(error) = reader.poll(Duration::from_millis(200), 128)
            && error.is_fatal()
        {
            break error;
        }
    };
    assert!(["topic-recreated", "topic-gone", "log-truncated"].contains(&error.name), "{error:?}");
    assert_eq!(error.class, ErrorKind::Fatal(ErrorClass::WouldLose));
}

/// Readers come and go at random, in the middle of epochs; one topic (cooperative) or two (eager).
#[test]
fn any_number_of_readers_coming_and_going_read_every_record_once() {
    for (seed, topics) in [(7_u64, 1), (11, 2)] {
        const RECORDS: i64 = 30_000;
        let names: Vec<String> = (0..topics).map(|it| topic(&format!("orders{it}"), 4)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for (index, name) in (0_i64..).zip(&names) {
            produce(name, 4, index * RECORDS..(index + 1) * RECORDS);
        }
        let (group, store) = (unique("group"), Store::default());
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut rows: Vec<i64> = Vec::new();
        let mut lanes = vec![Lane::new(0, &group, &names, &store)];
        let mut born = 1;
        let deadline = Instant::now() + 2 * PATIENCE;
        let mut left = 12;
        loop {
            let due = RECORDS as usize * names.len();
            let done = rows.len() + lanes.iter().map(|it| it.rows.len()).sum::<usize>();
            if done == due {
                break;
            }
            assert!(Instant::now() < deadline, "{done} of {due} rows");
            for lane in &mut lanes {
                for _ in 0..1 + random(5) {
                    lane.step(1 + random(40) as usize);
                }
                if random(4) == 0 {
                    lane.commit();
                }
            }
            match random(60) {
                0 if left > 0 && lanes.len() < 3 => {
                    lanes.push(Lane::new(born, &group, &names, &store));
                    born += 1;
                    left -= 1;
                }
                1 if left > 0 && lanes.len() > 1 => {
                    let lane = lanes.remove(random(lanes.len() as u64) as usize);
                    rows.extend(lane.rows);
                    lane.reader.close();
                    left -= 1;
                }
                _ => {}
            }
        }
        rows.extend(lanes.into_iter().flat_map(|it| it.rows));
        rows.sort_unstable();
        assert_eq!(rows, (0..RECORDS * topics).collect::<Vec<_>>());
        assert!(born > 1, "nobody came");
    }
}
