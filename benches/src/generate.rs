//! The reference input in a topic.

use std::time::Duration;

use anyhow::Context;
use pipewright_hot_path::orders::{Numbers, order};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

/// Fills a new topic with so many orders.
pub fn fill(topic: &str, partitions: i32, records: u64) -> anyhow::Result<()> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", crate::brokers());
    let admin: AdminClient<_> = config.create()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    for result in runtime.block_on(admin.create_topics([&new], &AdminOptions::new()))? {
        result.map_err(|(name, error)| anyhow::anyhow!("cannot create {name}: {error}"))?;
    }
    config
        .set("linger.ms", "50")
        .set("batch.size", "1000000")
        .set("compression.type", "zstd")
        .set("partitioner", "murmur2_random")
        .set("queue.buffering.max.messages", "2000000");
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().context("Kafka is not up")?;
    let mut numbers = Numbers::default();
    let mut text = String::new();
    for i in 0..records {
        let key = order(i, &mut numbers, &mut text).to_string();
        while let Err((error, _)) = producer.send(BaseRecord::to(topic).payload(&text).key(&key)) {
            let full = rdkafka::types::RDKafkaErrorCode::QueueFull;
            anyhow::ensure!(error.rdkafka_error_code() == Some(full), "cannot send: {error}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    producer.flush(Duration::from_secs(60))?;
    Ok(())
}
