//! What the Kafka client is set to, and why: the one place for it. `explain` prints from here what clients are made from here.
//!
//! Invariant: nothing that a guarantee rests on can be overridden (`super::properties` refuses it).

#[cfg(feature = "engine")]
use super::answers::UNPACKED;
use super::properties::{Scope, client_property};
use super::spec::KafkaConnection;

/// One setting of the client, and why it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSetting {
    /// As librdkafka calls it.
    pub name: &'static str,
    /// What it is set to; secrets are not here.
    pub value: String,
    /// Why.
    pub why: &'static str,
}

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Reads topics for a stage.
    Reader,
    /// Writes topics from a source, in transactions.
    Writer,
    /// Asks and changes what the cluster knows of topics.
    Admin,
    /// Reads the in-memory cluster.
    EmbeddedReader,
    /// Writes the in-memory cluster.
    EmbeddedWriter,
}

impl Purpose {
    fn reads(self) -> bool {
        matches!(self, Purpose::Reader | Purpose::EmbeddedReader | Purpose::Admin)
    }

    fn embedded(self) -> bool {
        matches!(self, Purpose::EmbeddedReader | Purpose::EmbeddedWriter)
    }
}

type Default = (&'static str, &'static str, &'static str);

const ALL: &[Default] = &[
    ("client.id", "pipewright", "the broker's logs and quotas name it"),
    ("allow.auto.create.topics", "false", "a misspelt topic is found missing, not created"),
    ("socket.keepalive.enable", "true", "a connection that a firewall dropped is noticed"),
    ("enable.metrics.push", "false", "nothing is sent that the program does not name"),
];

const READER: &[Default] = &[
    ("enable.auto.commit", "false", "positions are committed together with the rows"),
    ("enable.auto.offset.store", "false", "positions are committed together with the rows"),
    ("auto.offset.reset", "error", "a lost position stops the stage; it never skips or repeats records"),
    ("isolation.level", "read_committed", "records of aborted transactions are not read"),
    ("check.crcs", "true", "damaged records are refused, not decoded"),
    ("fetch.queue.backoff.ms", "5", "the default of 1000 starves the reader for a second after any pause of a sink"),
    ("fetch.wait.max.ms", "100", "a partition that is taken up again waits no longer for a fetch of idle ones to end"),
    (
        "fetch.max.bytes",
        "2097152",
        "the largest answer; a stage begins with single batches and asks for what unpacks to 2 MiB at most",
    ),
    ("session.timeout.ms", "10000", "the partitions of an instance that died move on after ten seconds"),
    ("heartbeat.interval.ms", "3000", "a third of the session timeout"),
    ("topic.metadata.refresh.interval.ms", "5000", "partitions that are added are read within seconds"),
    ("max.poll.interval.ms", "300000", "a stage whose thread hangs gives its partitions up after five minutes"),
    ("enable.partition.eof", "false", "ends are asked for where they matter"),
];

const WRITER: &[Default] = &[
    ("enable.idempotence", "true", "a send that is repeated is stored once, in order"),
    ("acks", "all", "a record counts when all replicas in sync have it"),
    (
        "partitioner",
        "murmur2_random",
        "places dead letters of sources; a record goes where the `partitioner` of its topic says",
    ),
    ("transaction.timeout.ms", "60000", "epochs are bounded to a tenth of it"),
    ("linger.ms", "5", "batches fill while records come, and nobody waits when they do not"),
    ("queue.buffering.max.kbytes", "65536", "bounds the memory of what is sent and not yet acknowledged"),
    ("compression.type", "zstd", "the best ratio for its cost; `compression` of the topic changes it"),
];

const EMBEDDED_READER: &[Default] = &[
    ("fetch.wait.max.ms", "10", "the in-memory cluster answers a fetch only when this is over"),
    ("session.timeout.ms", "45000", "there is no group: partitions are assigned explicitly"),
];

const EMBEDDED_WRITER: &[Default] = &[
    ("acks", "all", "every record is reported on, and the report is checked"),
    ("compression.type", "none", "nothing leaves the process"),
    ("linger.ms", "20", "the in-memory cluster gives one batch per fetch: few large ones"),
    ("batch.num.messages", "10000", "as above"),
    ("batch.size", "1000000", "as above"),
    ("max.in.flight.requests.per.connection", "1", "offsets are counted, so sends must not overtake each other"),
    ("message.send.max.retries", "0", "a repeated send would be stored twice; an error stops the run instead"),
    ("queue.buffering.max.messages", "1000000", "the loader's window is the bound"),
    ("message.max.bytes", "4500000", "the loader refuses what is larger than its window"),
    ("enable.idempotence", "false", "the in-memory cluster does not support it"),
];

/// Records and compressed bytes that all partitions of a reader may have between broker and lane.
const READ_AHEAD_RECORDS: usize = 24_000;
const FETCH_BYTES: usize = 3 << 20;

/// Bytes that all partitions of a reader may hold between broker and lane.
const READ_AHEAD_KIB: usize = 16 * 1024;
/// What each may hold at least.
const LEAST_AHEAD_KIB: usize = 512;
/// Of so many partitions 16 MiB are fetched ahead; of more, [`read_ahead_kib`] of each.
pub const SHARING_PARTITIONS: usize = READ_AHEAD_KIB / LEAST_AHEAD_KIB;

/// How much a reader of so many partitions fetches ahead per partition, in KiB: 16 MiB in all, at least 512 KiB each. Half of it
/// may be there when the other half is asked for.
pub fn read_ahead_kib(partitions: usize) -> usize {
    (READ_AHEAD_KIB / partitions.max(1)).max(LEAST_AHEAD_KIB)
}

/// The settings of a client, in the order they are made: ours, then the user's. `partitions`: how many a reader may get.
pub fn settings(connection: &KafkaConnection, purpose: Purpose, partitions: usize) -> Vec<ClientSetting> {
    let mut settings: Vec<ClientSetting> = Vec::new();
    let mut set = |name: &'static str, value: String, why: &'static str| {
        match settings.iter_mut().find(|it| it.name == name) {
            Some(old) => *old = ClientSetting { name, value, why },
            None => settings.push(ClientSetting { name, value, why }),
        };
    };
    let own: &[&[Default]] = match purpose {
        Purpose::Reader => &[ALL, READER],
        Purpose::Writer => &[ALL, WRITER],
        Purpose::Admin => &[ALL],
        Purpose::EmbeddedReader => &[ALL, READER, EMBEDDED_READER],
        Purpose::EmbeddedWriter => &[ALL, EMBEDDED_WRITER],
    };
    for (name, value, why) in own.iter().flat_map(|list| list.iter()) {
        set(name, (*value).to_string(), why);
    }
    if matches!(purpose, Purpose::Reader | Purpose::EmbeddedReader) {
        let ahead = (read_ahead_kib(partitions) / 2).to_string();
        set(
            "queued.max.messages.kbytes",
            ahead,
            "16 MiB are fetched ahead of all partitions: half, and one fetch of each",
        );
        let records = (READ_AHEAD_RECORDS / partitions.max(1)).clamp(1_000, 20_000).to_string();
        set("queued.min.messages", records, "enough to decode while the next fetch is under way");
    }
    if purpose == Purpose::Reader {
        let bytes = (FETCH_BYTES / partitions.max(1)).clamp(256 << 10, 1 << 20).to_string();
        set("fetch.message.max.bytes", bytes, "a partition with much to read does not fill memory before the others");
    }
    if connection.tls.is_some() && !purpose.embedded() {
        set("ssl.ca.location", "probe".to_string(), "signers that the system knows are trusted");
    }
    let applies = |scope: Scope| match scope {
        Scope::Both => true,
        Scope::Consumer => purpose.reads() && purpose != Purpose::Admin,
        Scope::Producer => !purpose.reads(),
    };
    for (name, value) in &connection.client {
        if let Some(property) = client_property(name)
            && property.refused.is_none()
            && applies(property.scope)
        {
            set(property.name, value.clone(), "set in `client`");
        }
    }
    if purpose == Purpose::Reader && !connection.client.iter().any(|(name, _)| name == "fetch.max.bytes") {
        let size = |name: &str| settings.iter().find(|it| it.name == name).and_then(|it| it.value.parse::<u64>().ok());
        let larger = size("message.max.bytes").filter(|largest| Some(*largest) > size("fetch.max.bytes"));
        if let (Some(largest), Some(fetch)) = (larger, settings.iter_mut().find(|it| it.name == "fetch.max.bytes")) {
            *fetch = ClientSetting {
                value: largest.to_string(),
                why: "as much as `message.max.bytes` allows one record",
                ..*fetch
            };
        }
    }
    settings
}

/// A client's configuration for a cluster. For the in-memory one, give its address as `brokers`.
#[cfg(feature = "engine")]
pub fn config(connection: &KafkaConnection, purpose: Purpose, partitions: usize) -> rdkafka::ClientConfig {
    let mut config = rdkafka::ClientConfig::new();
    for ClientSetting { name, value, .. } in settings(connection, purpose, partitions) {
        config.set(name, value);
    }
    config.set("bootstrap.servers", connection.brokers.as_deref().unwrap_or_default().join(","));
    config.set_log_level(rdkafka::config::RDKafkaLogLevel::Warning);
    if purpose.embedded() {
        return config;
    }
    let protocol = match (&connection.tls, &connection.sasl) {
        (None, None) => "plaintext",
        (Some(_), None) => "ssl",
        (None, Some(_)) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    };
    config.set("security.protocol", protocol);
    if let Some(tls) = &connection.tls {
        let tls = &tls.0;
        let files = [
            ("ssl.ca.location", &tls.ca),
            ("ssl.certificate.location", &tls.certificate),
            ("ssl.key.location", &tls.key),
        ];
        for (name, value) in files {
            if let Some(value) = value {
                config.set(name, value);
            }
        }
        if let Some(password) = &tls.key_password {
            config.set("ssl.key.password", &password.0);
        }
        if !tls.verify {
            config.set("enable.ssl.certificate.verification", "false");
        }
    }
    if let Some(sasl) = &connection.sasl {
        config.set("sasl.mechanism", &sasl.0.mechanism);
        config.set("sasl.username", &sasl.0.username);
        config.set("sasl.password", &sasl.0.password.0);
    }
    config
}

/// The configuration of the client that fetches for a reader: answers have so many bytes, as far as batches are not larger.
/// A `fetch.max.bytes` of the user stays.
#[cfg(feature = "engine")]
pub(crate) fn fetching(connection: &KafkaConnection, partitions: usize, answer: u64) -> rdkafka::ClientConfig {
    let mut config = config(connection, Purpose::Reader, partitions);
    if sets_answers(connection) {
        return config;
    }
    let number = |config: &rdkafka::ClientConfig, name: &str| config.get(name).and_then(|it| it.parse::<u64>().ok());
    let largest = number(&config, "message.max.bytes").unwrap_or(0);
    if config.get("receive.message.max.bytes").is_none() && largest > LARGEST_ANSWER {
        config.set("receive.message.max.bytes", (largest + 512).to_string());
    }
    // Answers that hold one partition only must not fill memory with each of them in turn.
    let half = u64::try_from(read_ahead_kib(partitions)).unwrap_or(u64::MAX).saturating_mul(512);
    let share = (answer.saturating_mul(half.min(UNPACKED)) / UNPACKED).max(1);
    let of_partition = number(&config, "fetch.message.max.bytes").unwrap_or(share).min(share);
    config.set("fetch.max.bytes", answer.to_string()).set("fetch.message.max.bytes", of_partition.to_string());
    // To a reader it says only how small an answer may be: a batch that is larger comes alone.
    config.set("message.max.bytes", "1000");
    config
}

/// True if the user has said how large answers are.
#[cfg(feature = "engine")]
pub(crate) fn sets_answers(connection: &KafkaConnection) -> bool {
    connection.client.iter().any(|(name, _)| name == "fetch.max.bytes")
}

/// What the client receives at most if it is not told otherwise, without what is around it.
#[cfg(feature = "engine")]
const LARGEST_ANSWER: u64 = 99_999_488;

#[cfg(all(test, feature = "engine"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use pipewright_plan::{OptionValue, Options, TypedOptions};

    use super::*;

    fn connection() -> KafkaConnection {
        let client = Options::from([
            ("linger.ms".into(), OptionValue::Int(20)),
            ("fetch.min.bytes".into(), OptionValue::Int(7)),
            ("acks".into(), OptionValue::Int(0)),
        ]);
        KafkaConnection::decode(&Options::from([
            (
                "brokers".into(),
                OptionValue::List(vec![OptionValue::String("a:1".into()), OptionValue::String("b:2".into())]),
            ),
            ("client".into(), OptionValue::Record(client)),
        ]))
        .unwrap()
    }

    #[test]
    fn users_properties_go_to_the_clients_that_know_them() {
        let writer = config(&connection(), Purpose::Writer, 1);
        assert_eq!(writer.get("linger.ms"), Some("20"));
        assert_eq!(writer.get("fetch.min.bytes"), None);
        let reader = config(&connection(), Purpose::Reader, 1);
        assert_eq!(reader.get("linger.ms"), None);
        assert_eq!(reader.get("fetch.min.bytes"), Some("7"));
        assert_eq!(reader.get("bootstrap.servers"), Some("a:1,b:2"));
    }

    /// The client refuses to be made with a fetch smaller than the largest record.
    #[test]
    fn a_fetch_holds_the_largest_record_that_is_allowed() {
        let mut connection = connection();
        connection.client.insert("message.max.bytes".into(), "20000000".into());
        assert_eq!(config(&connection, Purpose::Reader, 1).get("fetch.max.bytes"), Some("20000000"));
        connection.client.insert("message.max.bytes".into(), "2000000".into());
        assert_eq!(config(&connection, Purpose::Reader, 1).get("fetch.max.bytes"), Some("2097152"));
    }

    #[test]
    fn a_refused_property_is_not_applied() {
        assert_eq!(config(&connection(), Purpose::Writer, 1).get("acks"), Some("all"));
    }

    #[test]
    fn tls_and_sasl_are_in_this_build() {
        use crate::connectors::kafka::spec::{SaslOptions, TlsOptions};
        for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
            let tls = TlsOptions::decode(&Options::new()).unwrap();
            let sasl = Options::from([
                ("mechanism".into(), OptionValue::String(mechanism.into())),
                ("username".into(), OptionValue::String("me".into())),
                ("password".into(), OptionValue::String("secret".into())),
            ]);
            let mut connection = connection();
            connection.tls = Some(pipewright_plan::Block(tls));
            connection.sasl = Some(pipewright_plan::Block(SaslOptions::decode(&sasl).unwrap()));
            let config = config(&connection, Purpose::Admin, 1);
            assert_eq!(config.get("security.protocol"), Some("sasl_ssl"));
            assert_eq!(config.get("ssl.ca.location"), Some("probe"));
            config.create::<rdkafka::consumer::BaseConsumer>().unwrap();
            let printed = settings(&connection, Purpose::Admin, 1);
            assert!(printed.iter().all(|it| it.value != "secret"));
        }
    }

    #[test]
    fn read_ahead_is_bounded() {
        assert_eq!(read_ahead_kib(1), 16 * 1024);
        assert_eq!(read_ahead_kib(16), 1024);
        assert_eq!(read_ahead_kib(10_000), 512);
        for (partitions, records, bytes) in [(1, "20000", "1048576"), (12, "2000", "262144"), (500, "1000", "262144")] {
            let reader = config(&connection(), Purpose::Reader, partitions);
            assert_eq!(reader.get("queued.min.messages"), Some(records));
            assert_eq!(reader.get("fetch.message.max.bytes"), Some(bytes));
        }
    }

    #[test]
    fn every_setting_is_known_to_the_client() {
        for purpose in
            [Purpose::Reader, Purpose::Writer, Purpose::Admin, Purpose::EmbeddedReader, Purpose::EmbeddedWriter]
        {
            for setting in settings(&connection(), purpose, 3) {
                assert!(client_property(setting.name).is_some(), "{}", setting.name);
            }
            assert!(config(&connection(), purpose, 3).create_native_config().is_ok(), "{purpose:?}");
        }
    }
}
