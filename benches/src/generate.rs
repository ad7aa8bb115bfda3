//! The reference input: JSON orders of about 300 bytes, the same ones each time.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

/// Xorshift: the same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or_default();
        from.get(at).copied().unwrap_or_default()
    }
}

const FIRST: &[&str] = &["Alice", "Bob", "Chloe", "Dmitri", "Elena", "Farid", "Grace", "Hans", "Ingrid", "Jose"];
const LAST: &[&str] =
    &["Johnson", "Schmidt", "Garcia", "Ivanov", "Rossi", "Tanaka", "Nguyen", "Okafor", "Silva", "Khan"];
const COUNTRY: &[&str] = &["de", "us", "fr", "br", "jp", "in", "gb", "it", "es", "nl"];
const TIER: &[&str] = &["gold", "silver", "bronze", "none"];
const CURRENCY: &[&str] = &["EUR", "USD", "GBP", "JPY"];
const STATUS: &[&str] = &["paid", "pending", "shipped", "cancelled", "refunded"];

/// Writes the next order; gives its customer.
fn order(i: u64, numbers: &mut Numbers, out: &mut String) -> u64 {
    out.clear();
    let (first, last) = (numbers.pick(FIRST), numbers.pick(LAST));
    let second = i / 12 % 86_400;
    let day = 1 + i / 40_000 % 28;
    let name = match numbers.below(50) {
        0 => format!("{first} \\\"Z\\u00e9\\\" {last}"),
        1 => format!("{first} Müller-{last}"),
        _ => format!("{first} {last}"),
    };
    let customer = numbers.below(200_000);
    let mut cents = 0;
    let mut items = String::new();
    for n in 0..=numbers.below(2) {
        let (quantity, price) = (1 + numbers.below(4), 199 + numbers.below(9_800));
        cents += quantity * price;
        let comma = if n > 0 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(
            items,
            "{comma}{{\"sku\":\"SKU-{:05}\",\"qty\":{quantity},\"price\":{}.{:02}}}",
            numbers.below(100_000),
            price / 100,
            price % 100
        );
    }
    let _ = write!(
        out,
        "{{\"order_id\":\"ord-{i:09}\",\"ts\":\"2025-01-{day:02}T{:02}:{:02}:{:02}.{:03}Z\",\"customer\":{{\"id\":{customer},\
         \"name\":\"{name}\",\"email\":\"{}.{}@example.com\",\"country\":\"{}\",\"tier\":\"{}\"}},\"items\":[{items}],\
         \"amount\":{}.{:02},\"currency\":\"{}\",\"status\":\"{}\"}}",
        second / 3600,
        second / 60 % 60,
        second % 60,
        i % 1000,
        first.to_lowercase(),
        last.to_lowercase(),
        numbers.pick(COUNTRY),
        numbers.pick(TIER),
        cents / 100,
        cents % 100,
        numbers.pick(CURRENCY),
        numbers.pick(STATUS),
    );
    customer
}

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
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
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
