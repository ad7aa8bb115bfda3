//! The lower limit of the reading side: a consumer on librdkafka that takes messages by the batch, as Pipewright does, and
//! only counts.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use pipewright_runtime::connectors::kafka::batch::MessageQueue;
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
    let consumer = Arc::new(consumer);
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    let names: Arc<[String]> = Arc::from([topic.to_string()]);
    let mut queue = MessageQueue::new(&consumer, names, None).context("the client gives no queue")?;
    consumer.assign(&list)?;
    for partition in 0..partitions {
        anyhow::ensure!(
            queue.attach(&consumer, topic, partition),
            "the client gives no queue for partition {partition}"
        );
    }
    let (mut seen, mut bytes) = (0, 0);
    while seen < records {
        // The call waits until it has so many or the time is over.
        let batch = queue.take(4_096, Duration::from_millis(20));
        anyhow::ensure!(batch.errors().is_empty(), "{:?}", batch.errors());
        seen += batch.len() as u64;
        bytes += batch.iter().map(|it| it.value.map_or(0, <[u8]>::len)).sum::<usize>();
    }
    println!("{seen} records, {bytes} bytes");
    Ok(())
}
