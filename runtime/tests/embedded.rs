//! The in-memory cluster of embedded mode, without any server: nothing is lost, and what would be lost is refused.

use std::time::{Duration, Instant};

use pipewright_runtime::connectors::kafka::embedded::{EmbeddedCluster, EmbeddedLoader, SendError};
use pipewright_runtime::connectors::kafka::originals::KafkaOriginals;
use pipewright_runtime::record::RecordId;
use pipewright_runtime::sinks::Originals;

/// Only a hang takes this long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(600);

fn load(loader: &EmbeddedLoader, records: i64, partitions: i64, filler: &[u8]) {
    for number in 0..records {
        let mut value = number.to_string().into_bytes();
        value.push(b' ');
        value.extend_from_slice(filler);
        let key = number.to_le_bytes();
        let offset = loader.send(0, (number % partitions) as i32, Some(&key), Some(&value)).unwrap();
        assert_eq!(offset, number / partitions);
    }
    loader.flush().unwrap();
}

/// Four times the cluster's memory goes through, with a sink that lags behind.
#[test]
fn none_is_lost_when_the_sink_is_slow() {
    const RECORDS: i64 = 200_000;
    const PARTITIONS: i64 = 3;
    let (loader, mut reader) = EmbeddedCluster::start(&[("orders".to_string(), PARTITIONS as u32)]).unwrap();
    let feeding = loader.clone();
    let feeder = std::thread::spawn(move || load(&feeding, RECORDS, PARTITIONS, &[b'x'; 300]));
    let mut seen = vec![false; RECORDS as usize];
    let mut next = [0_i64; PARTITIONS as usize];
    let (mut count, mut since_commit) = (0, 0);
    let deadline = Instant::now() + PATIENCE;
    while count < RECORDS {
        assert!(Instant::now() < deadline, "only {count} records came");
        let batch = reader.poll(Duration::from_millis(20), 4096).unwrap();
        for record in batch.iter() {
            let value = std::str::from_utf8(record.value.unwrap()).unwrap();
            let number: i64 = value.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(record.key, Some(&number.to_le_bytes()[..]));
            assert_eq!((record.topic, i64::from(record.partition)), (0, number % PARTITIONS));
            assert_eq!(record.offset, next[record.partition as usize]);
            assert!(record.timestamp.unwrap() > 1_600_000_000_000_000);
            assert!(!std::mem::replace(&mut seen[number as usize], true), "record {number} came twice");
            next[record.partition as usize] += 1;
            count += 1;
            since_commit += 1;
        }
        if since_commit > 20_000 || (batch.is_empty() && reader.loader_waits()) {
            std::thread::sleep(Duration::from_millis(50));
            for (partition, next) in next.iter().enumerate() {
                loader.committed(0, partition as i32, *next);
            }
            since_commit = 0;
        }
    }
    feeder.join().unwrap();
    assert!(loader.verify_finished().is_err(), "the last records are not committed yet");
    for (partition, next) in next.iter().enumerate() {
        loader.committed(0, partition as i32, *next);
    }
    loader.verify_finished().unwrap();
    assert_eq!(loader.end_offsets().iter().map(|it| it.2).sum::<i64>(), RECORDS);
}

#[test]
fn records_of_several_topics_keep_their_topic_and_a_tombstone_has_no_value() {
    let topics = [("orders".to_string(), 2), ("customers".to_string(), 1)];
    let (loader, mut reader) = EmbeddedCluster::start(&topics).unwrap();
    loader.send(1, 0, Some(b"c1"), None).unwrap();
    loader.send(0, 1, None, Some(b"")).unwrap();
    loader.flush().unwrap();
    let mut seen = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while seen.len() < 2 && Instant::now() < deadline {
        let batch = reader.poll(Duration::from_millis(100), 10).unwrap();
        for record in batch.iter() {
            assert!(record.headers().is_empty());
            let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
            seen.push((record.topic, record.partition, record.offset, owned(record.key), owned(record.value)));
        }
    }
    seen.sort();
    assert_eq!(seen, [(0, 1, 0, None, Some(vec![])), (1, 0, 0, Some(b"c1".to_vec()), None)]);
}

#[test]
fn large_records_pass_and_larger_ones_are_refused() {
    let (loader, mut reader) = EmbeddedCluster::start(&[("orders".to_string(), 1)]).unwrap();
    loader.send(0, 0, None, Some(&vec![b'x'; 3_900_000])).unwrap();
    loader.flush().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let length = loop {
        let batch = reader.poll(Duration::from_millis(100), 10).unwrap();
        if let Some(record) = batch.iter().next() {
            break record.value.unwrap().len();
        }
        assert!(Instant::now() < deadline);
    };
    assert_eq!(length, 3_900_000);
    let Err(SendError::Failed(error)) = loader.send(0, 0, None, Some(&vec![b'x'; 4_000_001])) else {
        panic!("a record that does not fit was taken")
    };
    assert_eq!(error.name, "record-too-large");
    let Err(SendError::Failed(error)) = loader.send(0, 1, None, None) else { panic!("there is no such partition") };
    assert_eq!(error.name, "embedded-partition");
}

#[test]
fn a_waiting_loader_is_let_go_when_stopped() {
    let (loader, reader) = EmbeddedCluster::start(&[("orders".to_string(), 1)]).unwrap();
    let feeding = loader.clone();
    let feeder = std::thread::spawn(move || {
        let value = vec![b'x'; 100_000];
        loop {
            if let Err(error) = feeding.send(0, 0, None, Some(&value)) {
                return error;
            }
        }
    });
    let deadline = Instant::now() + PATIENCE;
    while !reader.loader_waits() {
        assert!(Instant::now() < deadline, "the window never filled");
        std::thread::sleep(Duration::from_millis(5));
    }
    loader.stop();
    assert!(matches!(feeder.join().unwrap(), SendError::Stopped));
}

#[test]
fn an_original_is_read_once_more() {
    let (loader, mut reader) = EmbeddedCluster::start(&[("orders".to_string(), 2)]).unwrap();
    load(&loader, 1000, 2, b"x");
    let originals = KafkaOriginals::embedded(&reader);
    for (partition, offset) in [(0, 7), (1, 499), (0, 0)] {
        let original = originals.fetch(RecordId { topic: 0, partition, offset }).unwrap().unwrap();
        let number = offset * 2 + i64::from(partition);
        assert_eq!(original.value.unwrap(), format!("{number} x").into_bytes());
    }
    assert_eq!(originals.fetch(RecordId { topic: 0, partition: 0, offset: 500 }).unwrap(), None);
    // The reader itself is not disturbed.
    let mut count = 0;
    let deadline = Instant::now() + PATIENCE;
    while count < 1000 && Instant::now() < deadline {
        count += reader.poll(Duration::from_millis(100), 300).unwrap().len();
    }
    assert_eq!(count, 1000);
}

/// A program has as many topics as it likes; an empty one, or none, is no error.
#[test]
fn a_cluster_without_records_gives_empty_batches() {
    let (loader, mut reader) = EmbeddedCluster::start(&[("orders".to_string(), 4)]).unwrap();
    for _ in 0..3 {
        assert!(reader.poll(Duration::from_millis(20), 10).unwrap().is_empty());
    }
    loader.flush().unwrap();
    loader.verify_finished().unwrap();
}
