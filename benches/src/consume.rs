//! The lower limit of the reading side: librdkafka's batch-free consumer that only counts.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// Reads all partitions from the start until so many records have come.
pub fn run(topic: &str, partitions: i32, records: u64) -> anyhow::Result<()> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", crate::brokers())
        .set("group.id", "pipewright-bench")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error")
        .set("fetch.queue.backoff.ms", "5")
        .set("check.crcs", "true")
        .create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&list)?;
    let (mut seen, mut bytes) = (0, 0);
    while seen < records {
        if let Some(message) = consumer.poll(Duration::from_secs(10)) {
            bytes += message?.payload_len();
            seen += 1;
        }
    }
    println!("{seen} records, {bytes} bytes");
    Ok(())
}
