//! What the cluster knows of topics: waiting until it is there, creating owned topics, checking all of them, ids, ends.
//!
//! All calls block. Invariant: an existing topic is never altered or deleted; one that does not fit is an error.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use pipewright_plan::{Cleanup, Topic};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{ClientConfig, ClientContext};

use super::client::{self, Purpose};
use super::closest;
use super::errors::{ReaderError, plain, refusal, told};
use super::farewell;
use super::native::topic_ids::topic_ids;
use super::spec::KafkaConnection;
use crate::report::{ErrorClass, Event, Observer, RunError};

/// How long one question to the cluster may take.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// How long a fresh topic may take until all its partitions have a leader.
const SETTLE: Duration = Duration::from_secs(20);

/// What a topic must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicNeed {
    /// Its name in Kafka.
    pub name: String,
    /// The program creates it and alone writes it.
    pub owned: bool,
    /// Partitions; none: the broker's default, or whatever is there.
    pub partitions: Option<u32>,
    /// Replicas; none: the broker's default.
    pub replication: Option<u16>,
    /// What Kafka does with old records.
    pub cleanup: Cleanup,
    /// `retention.ms`; none: the broker's default.
    pub retention_ms: Option<i64>,
    /// `segment.bytes` of one that is created; none: the broker's default. What lies in the last segment is not compacted.
    pub segment_bytes: Option<u32>,
}

impl TopicNeed {
    /// What is wrong with a topic that has so many partitions.
    pub(super) fn misfit(&self, partitions: u32) -> Option<RunError> {
        let wanted = self.partitions.filter(|it| *it != partitions)?;
        Some(RunError {
            name: "partition-count",
            message: format!("topic `{}` has {partitions} partitions in Kafka, the program says {wanted}", self.name),
            help: Some(format!("write `partitions = {partitions}`, or use another topic")),
            origin: None,
            class: ErrorClass::Configuration,
        })
    }
}

impl From<&Topic> for TopicNeed {
    fn from(topic: &Topic) -> Self {
        Self {
            name: topic.topic.clone(),
            owned: topic.owned(),
            partitions: topic.partitioning.count,
            replication: topic.replication,
            cleanup: topic.cleanup,
            retention_ms: topic.retention_ms,
            segment_bytes: None,
        }
    }
}

/// What a topic looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicFound {
    /// Its name in Kafka.
    pub name: String,
    /// How many partitions it has.
    pub partitions: u32,
    /// Its id, if the brokers give ids.
    pub id: Option<String>,
    /// This call created it.
    pub created: bool,
}

/// Remembers what the client last complained about.
#[derive(Default)]
pub(super) struct Ears {
    last: Mutex<Option<(Option<Code>, String)>>,
}

impl ClientContext for Ears {
    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "kafka client");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka client");
        let code = error.rdkafka_error_code();
        let mut last = self.last.lock();
        // "All brokers are down" follows the reason and says less, as what comes after a refusal does.
        let refused = matches!(&*last, Some((Some(Code::Authentication | Code::SSL), _)));
        if refused && !matches!(code, Some(Code::Authentication | Code::SSL)) {
            return;
        }
        if code != Some(Code::AllBrokersDown) || last.is_none() {
            *last = Some((code, reason.to_string()));
        }
    }
}

impl ConsumerContext for Ears {}

/// A cluster, as far as its topics go.
pub struct Cluster {
    pub(super) config: ClientConfig,
    pub(super) probe: BaseConsumer<Ears>,
    /// "Kafka at 127.0.0.1:9092 (connection `main`)"
    what: String,
    connection: String,
}

impl Cluster {
    /// Makes a client. Does not yet ask anything of the cluster.
    pub fn new(connection: &KafkaConnection, name: &str) -> Result<Self, RunError> {
        let tls = connection.tls.iter().flat_map(|it| [&it.0.ca, &it.0.certificate, &it.0.key]);
        for path in tls.flatten() {
            if let Err(error) = std::fs::File::open(path) {
                let message = format!("the certificate file `{path}` cannot be read: {error}");
                return Err(ReaderError::configuration("file-not-found", message).into());
            }
        }
        let config = client::config(connection, Purpose::Admin, 1);
        let probe = rdkafka::config::FromClientConfigAndContext::from_config_and_context(&config, Ears::default())
            .map_err(|error| invalid_client(name, &error))?;
        Ok(Self { config, probe, what: what(connection, name), connection: name.to_string() })
    }

    /// Waits until the cluster answers, and says so while it does not. Out of reach for longer than `patience` is an error.
    pub fn wait(&self, patience: Duration, observer: &dyn Observer) -> Result<(), RunError> {
        let start = Instant::now();
        let mut said = false;
        loop {
            let answer = self.probe.fetch_metadata(None, Duration::from_secs(2));
            if answer.is_ok_and(|metadata| !metadata.brokers().is_empty()) {
                if said {
                    observer.event(Event::Resumed { what: self.what.clone() });
                }
                return Ok(());
            }
            self.hear();
            let last = self.probe.context().last.lock().clone();
            if let Some((Some(code), words)) = &last
                && let Some(refused) = refusal(&self.what, *code, words)
            {
                return Err(refused.into());
            }
            let why = last.map_or_else(|| "no answer".to_string(), |(_, words)| told(&words));
            if start.elapsed() >= patience {
                return Err(RunError {
                    name: "out-of-reach",
                    message: format!("{} is out of reach: {why}", self.what),
                    help: Some(self.advice()),
                    origin: None,
                    class: ErrorClass::OutOfReach,
                });
            }
            if !said {
                observer.event(Event::Waiting { what: self.what.clone(), why });
                said = true;
            }
        }
    }

    /// Hears the client's complaints, which come on the queue of its records; never any record.
    fn hear(&self) {
        let until = Instant::now() + Duration::from_millis(100);
        while Instant::now() < until {
            drop(self.probe.poll(Duration::from_millis(20)));
        }
    }

    /// What to look at when nobody answers.
    fn advice(&self) -> String {
        let speaks = match self.config.get("security.protocol").unwrap_or_default() {
            "plaintext" => "neither `tls` nor `sasl`",
            "ssl" => "`tls` and no `sasl`",
            "sasl_plaintext" => "`sasl` and no `tls`",
            _ => "both `tls` and `sasl`",
        };
        format!("check that the cluster runs, `brokers` of the connection, and that they want {speaks}")
    }

    /// Creates owned topics that are missing and checks all the others. In the order of `needs`.
    pub fn prepare(&self, needs: &[TopicNeed]) -> Result<Vec<TopicFound>, RunError> {
        let there = self.partition_counts()?;
        let missing: Vec<&TopicNeed> = needs.iter().filter(|it| !there.contains_key(&it.name)).collect();
        if let Some(external) = missing.iter().find(|it| !it.owned) {
            return Err(self.missing(external, &there));
        }
        let there = match missing.is_empty() {
            true => there,
            false => {
                self.create(&missing)?;
                self.settled(&missing)?
            }
        };
        let names: Vec<String> = needs.iter().map(|it| it.name.clone()).collect();
        let ids = self.topic_ids(&names)?;
        let mut found = Vec::with_capacity(needs.len());
        for (need, id) in needs.iter().zip(ids) {
            let Some(&partitions) = there.get(&need.name) else { return Err(self.missing(need, &there)) };
            if let Some(error) = need.misfit(partitions) {
                return Err(error);
            }
            let created = missing.iter().any(|it| it.name == need.name);
            found.push(TopicFound { name: need.name.clone(), partitions, id, created });
        }
        Ok(found)
    }

    /// The ids of topics, in their order. `None`: no such topic, or the brokers give no ids.
    pub fn topic_ids(&self, topics: &[String]) -> Result<Vec<Option<String>>, ReaderError> {
        match topic_ids(self.probe.client(), topics, ANSWER) {
            Ok(ids) => Ok(ids),
            // A broker that does not know the request gives no ids either.
            Err(Code::UnsupportedFeature | Code::UnsupportedVersion) => Ok(vec![None; topics.len()]),
            Err(code) => Err(ReaderError::of_code("the ids of topics cannot be asked for", code, None)),
        }
    }

    /// The id of the cluster.
    pub fn cluster_id(&self) -> Option<String> {
        self.probe.client().fetch_cluster_id(ANSWER)
    }

    /// The first and the next offset of a partition.
    pub fn watermarks(&self, topic: &str, partition: i32) -> Result<(i64, i64), ReaderError> {
        let doing = || format!("the ends of partition {partition} of `{topic}` cannot be asked for");
        self.probe.fetch_watermarks(topic, partition, ANSWER).map_err(|error| ReaderError::of(&doing(), &error))
    }

    /// All topics with their number of partitions.
    pub(super) fn partition_counts(&self) -> Result<BTreeMap<String, u32>, RunError> {
        let metadata = self.probe.fetch_metadata(None, ANSWER);
        let metadata =
            metadata.map_err(|error| ReaderError::of(&format!("{} does not list its topics", self.what), &error))?;
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
        Ok(topics.map(|it| (it.name().to_string(), u32::try_from(it.partitions().len()).unwrap_or(0))).collect())
    }

    pub(super) fn missing(&self, need: &TopicNeed, there: &BTreeMap<String, u32>) -> RunError {
        let help = match closest(&need.name, there.keys().map(String::as_str)) {
            Some(close) => format!("did you mean `{close}`?"),
            None => "create it, or give it a source: `topic … from …`".to_string(),
        };
        RunError {
            name: "topic-missing",
            message: format!("there is no topic `{}` in Kafka (connection `{}`)", need.name, self.connection),
            help: Some(help),
            origin: None,
            class: ErrorClass::Configuration,
        }
    }

    fn create(&self, missing: &[&TopicNeed]) -> Result<(), RunError> {
        let admin: AdminClient<DefaultClientContext> =
            self.config.create().map_err(|error| invalid_client(&self.connection, &error))?;
        let settings: Vec<([(&str, String); 2], &str)> = missing
            .iter()
            .map(|it| {
                let cleanup = match it.cleanup {
                    Cleanup::Delete => "delete",
                    Cleanup::Compact => "compact",
                };
                let retention = it.retention_ms.map(|ms| ms.to_string()).unwrap_or_default();
                let segment = it.segment_bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
                ([("retention.ms", retention), ("segment.bytes", segment)], cleanup)
            })
            .collect();
        let topics: Vec<NewTopic<'_>> = missing
            .iter()
            .zip(&settings)
            .map(|(need, (said, cleanup))| {
                let partitions = need.partitions.and_then(|it| i32::try_from(it).ok()).unwrap_or(-1);
                let replication = TopicReplication::Fixed(need.replication.map_or(-1, i32::from));
                let topic = NewTopic::new(&need.name, partitions, replication).set("cleanup.policy", cleanup);
                let said = said.iter().filter(|(_, value)| !value.is_empty());
                said.fold(topic, |topic, (name, value)| topic.set(name, value))
            })
            .collect();
        let options = AdminOptions::new().request_timeout(Some(ANSWER)).operation_timeout(Some(ANSWER));
        let results = wait_for(admin.create_topics(&topics, &options));
        farewell::later(admin);
        for result in results.map_err(|error| ReaderError::of("topics cannot be created", &error))? {
            match result {
                Ok(_) | Err((_, Code::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    let doing = format!("topic `{name}` cannot be created");
                    return Err(ReaderError::of_code(&doing, code, Some(&plain(code))).into());
                }
            }
        }
        Ok(())
    }

    /// Waits until all partitions of fresh topics have a leader.
    fn settled(&self, fresh: &[&TopicNeed]) -> Result<BTreeMap<String, u32>, RunError> {
        let deadline = Instant::now() + SETTLE;
        loop {
            let there = self.partition_counts()?;
            let mut ready = true;
            for need in fresh {
                let metadata = self.probe.fetch_metadata(Some(&need.name), ANSWER);
                let led = metadata.is_ok_and(|it| {
                    it.topics().iter().flat_map(|topic| topic.partitions()).all(|partition| partition.leader() >= 0)
                });
                ready &= there.contains_key(&need.name) && led;
            }
            if ready {
                return Ok(there);
            }
            if Instant::now() > deadline {
                let names: Vec<_> = fresh.iter().map(|it| format!("`{}`", it.name)).collect();
                let message = format!("fresh topics have no leader yet: {}", names.join(", "));
                return Err(ReaderError::retry("topic-not-ready", message).into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// "Kafka at 127.0.0.1:9092 (connection `main`)"
pub(crate) fn what(connection: &KafkaConnection, name: &str) -> String {
    format!("Kafka at {} (connection `{name}`)", connection.brokers.as_deref().unwrap_or_default().join(","))
}

/// The client could not be made: a file that is missing, a property out of range.
pub(crate) fn invalid_client(connection: &str, error: &KafkaError) -> RunError {
    let why = match error {
        KafkaError::ClientConfig(_, description, key, value) => format!("`{key}` = {value}: {description}"),
        KafkaError::ClientCreation(why) => why.clone(),
        other => other.to_string(),
    };
    RunError {
        name: "kafka-client",
        message: format!("connection `{connection}` cannot be used: {why}"),
        help: None,
        origin: None,
        class: ErrorClass::Configuration,
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread, whether or not it belongs to an async runtime.
pub(super) fn wait_for<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
