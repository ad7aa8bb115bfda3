//! A run on real servers: one thread a stage, one thread a source, until the inputs end or someone says stop.
//!
//! Started more than once, the instances share partitions through the consumer group, and sources through a lease; safety
//! does not rest on either: positions have generations, producers are fenced.

mod lane;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use pipewright_plan::{Plan, Topic, TypedOptions};

use super::{RunSettings, bug};
use crate::connectors::kafka::admin::{Cluster, TopicFound, TopicNeed};
use crate::connectors::kafka::spec::KafkaConnection;
use crate::connectors::kafka::{cursor, ownership};
use crate::report::{ErrorClass, Event, Observer, RunError, SourceSummary, StageSummary, Summary};
use crate::sinks;

/// What the threads of a run share.
pub(super) struct Shared {
    pub(super) plan: Plan,
    pub(super) settings: RunSettings,
    pub(super) observer: Arc<dyn Observer>,
    /// Sources of this program that still feed a topic. A stage ends only when all of its topics have left it.
    pub(super) feeding: Mutex<BTreeSet<(String, String)>>,
    /// Ends the run everywhere: a stop was asked for, or a thread failed.
    pub(super) ending: AtomicBool,
    /// Id of each topic, by its name in the program.
    pub(super) topic_ids: BTreeMap<String, Option<String>>,
    /// Partitions of each topic, by its name in the program.
    pub(super) partitions: BTreeMap<String, i32>,
    /// Set when it is known whose the topics are: nothing of another program's records is stored.
    pub(super) cleared: (Mutex<Option<bool>>, Condvar),
}

impl Shared {
    /// Whether everything is to drain and end now.
    pub(super) fn ending(&self) -> bool {
        self.settings.stop.requested() || self.ending.load(Ordering::SeqCst)
    }

    /// Waits until it is known whether the topics that this program writes are its own.
    pub(super) fn is_cleared(&self) -> bool {
        let (decided, news) = &self.cleared;
        let Ok(decided) = decided.lock() else { return false };
        news.wait_while(decided, |it| it.is_none()).is_ok_and(|it| *it == Some(true))
    }

    fn clear(&self, own: bool) {
        if let Ok(mut decided) = self.cleared.0.lock() {
            *decided = Some(own);
        }
        self.cleared.1.notify_all();
    }

    fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    /// Whether a source may still write to one of these topics.
    pub(super) fn fed(&self, topics: &[String]) -> bool {
        self.feeding.lock().is_ok_and(|it| it.iter().any(|(_, topic)| topics.contains(topic)))
    }

    /// A source has ended: what it had to say is committed. Others may feed the same topics.
    pub(super) fn no_longer_feeding(&self, source: &str) {
        if let Ok(mut feeding) = self.feeding.lock() {
            feeding.retain(|(feeds, _)| feeds != source);
        }
    }
}

enum Ended {
    Stage(Result<(StageSummary, Option<RunError>), RunError>),
    Source(SourceSummary, Option<RunError>),
}

/// Runs a plan on real servers.
pub(super) fn run(plan: &Plan, settings: &RunSettings, observer: Arc<dyn Observer>) -> Result<Summary, RunError> {
    let topics = prepare_topics(plan, &*observer)?;
    let by_source: BTreeMap<String, Vec<String>> = plan.ingest.iter().fold(BTreeMap::new(), |mut map, it| {
        map.entry(it.source.clone()).or_insert_with(Vec::new).push(it.topic.clone());
        map
    });
    let shared = Arc::new(Shared {
        plan: plan.clone(),
        settings: settings.clone(),
        observer: Arc::clone(&observer),
        feeding: Mutex::new(plan.ingest.iter().map(|it| (it.source.clone(), it.topic.clone())).collect()),
        ending: AtomicBool::new(false),
        topic_ids: topics.iter().map(|(name, it)| (name.clone(), it.id.clone())).collect(),
        partitions: topics
            .iter()
            .map(|(name, it)| (name.clone(), i32::try_from(it.partitions).unwrap_or(i32::MAX)))
            .collect(),
        cleared: (Mutex::new(None), Condvar::new()),
    });
    observer
        .event(Event::Started { stages: plan.stages.iter().map(|it| it.id.clone()).collect(), bytes_to_read: None });
    let started = Instant::now();
    let (out, ended) = crossbeam_channel::unbounded();
    let mut threads = Vec::new();
    for stage in &plan.stages {
        let (shared, out, stage) = (Arc::clone(&shared), out.clone(), stage.clone());
        threads.push(spawn(&format!("lane {}", stage.id), move || {
            let _ = out.send(Ended::Stage(lane::run(&shared, &stage)));
        })?);
    }
    for (name, topics) in by_source {
        let (shared, out) = (Arc::clone(&shared), out.clone());
        threads.push(spawn(&format!("source {name}"), move || {
            let (summary, error) = source::run(&shared, &name, &topics);
            let _ = out.send(Ended::Source(summary, error));
        })?);
    }
    drop(out);
    {
        let (plan, observer) = (plan.clone(), Arc::clone(&observer));
        threads.push(spawn("differences", move || tell_differences(&plan, &*observer))?);
    }
    // Beside the threads, which store nothing until it is known.
    let mut failure = check_owners(plan, &topics).err();
    shared.clear(failure.is_none());
    if failure.is_some() {
        shared.end();
    }
    let mut summary = Summary { ended: true, ..Summary::default() };
    while let Ok(it) = ended.recv() {
        let error = match it {
            Ended::Stage(Ok((stage, error))) => {
                summary.stages.push(stage);
                error
            }
            Ended::Source(source, error) => {
                summary.sources.push(source);
                error
            }
            Ended::Stage(Err(error)) => Some(error),
        };
        if let Some(error) = error {
            // One failure ends the others in order; it is the one that is reported.
            shared.end();
            failure.get_or_insert(error);
        }
    }
    for thread in threads {
        if thread.join().is_err() {
            failure.get_or_insert_with(|| bug("a thread panicked"));
        }
    }
    summary.ended = failure.is_none() && !settings.stop.requested();
    summary.failed = failure;
    summary.seconds = started.elapsed().as_secs_f64();
    summary.stages.sort_by_key(|it| plan.stages.iter().position(|stage| stage.id == it.id));
    for stage in &plan.stages {
        summary.databases.insert(stage.domain.clone(), sinks::location(plan, &stage.domain));
    }
    Ok(summary)
}

/// Creates the topics that the program owns and checks all of them, cluster by cluster. By their name in the program.
fn prepare_topics(plan: &Plan, observer: &dyn Observer) -> Result<BTreeMap<String, TopicFound>, RunError> {
    let clusters: BTreeSet<&String> = plan.topics.iter().map(|it| &it.connection).collect();
    let mut found = BTreeMap::new();
    for name in clusters {
        let topics: Vec<_> = plan.topics.iter().filter(|it| it.connection == *name).collect();
        let cluster = Cluster::new(&kafka_connection(plan, name)?, name)?;
        cluster.wait(PATIENCE, observer)?;
        let mut needs: Vec<TopicNeed> = topics.iter().map(|it| TopicNeed::from(*it)).collect();
        if !plan.ingest.is_empty() {
            // The lease of a source is a place in a group over this topic.
            needs.push(cursor::positions_topic());
        }
        let prepared = prepared(&cluster, &needs, observer)?;
        found.extend(topics.iter().map(|it| it.name.clone()).zip(prepared));
    }
    Ok(found)
}

/// Whether the topics that sources of this program feed are its own. Topics that were just created are.
fn check_owners(plan: &Plan, topics: &BTreeMap<String, TopicFound>) -> Result<(), RunError> {
    let mut by_cluster: BTreeMap<&str, Vec<(&Topic, TopicFound)>> = BTreeMap::new();
    for topic in plan.ingest.iter().filter_map(|it| plan.topic(&it.topic)) {
        if let Some(found) = topics.get(&topic.name).filter(|it| !it.created) {
            by_cluster.entry(&topic.connection).or_default().push((topic, found.clone()));
        }
    }
    for (name, fed) in by_cluster {
        let found: Vec<TopicFound> = fed.iter().map(|it| it.1.clone()).collect();
        let checked =
            ownership::check(&kafka_connection(plan, name)?, &found, &plan.pipeline.name, plan.pipeline.was.as_deref());
        match checked {
            // The source asks again before it writes anything.
            Err(error) if !error.is_fatal() => tracing::debug!(%error, "whose the topics are is not known"),
            checked => {
                let origin = fed.first().map(|it| it.0.origin);
                checked.map_err(|error| RunError { origin, ..RunError::from(error) })?;
            }
        }
    }
    Ok(())
}

/// What the topics of the program have otherwise in Kafka than it says.
fn tell_differences(plan: &Plan, observer: &dyn Observer) {
    let clusters: BTreeSet<&String> = plan.topics.iter().filter(|it| it.owned()).map(|it| &it.connection).collect();
    for name in clusters {
        let topics = plan.topics.iter().filter(|it| it.connection == *name);
        let needs: Vec<TopicNeed> = topics.map(TopicNeed::from).collect();
        let cluster = kafka_connection(plan, name).and_then(|it| Cluster::new(&it, name));
        for text in cluster.map(|it| it.differences(&needs)).unwrap_or_default() {
            observer.event(Event::Note { text });
        }
    }
}

/// A cluster that answers late, or not all of what it is asked, is given as long as one that is away.
fn prepared(cluster: &Cluster, needs: &[TopicNeed], observer: &dyn Observer) -> Result<Vec<TopicFound>, RunError> {
    let started = Instant::now();
    loop {
        match cluster.prepare(needs) {
            Err(error) if error.class == ErrorClass::OutOfReach && started.elapsed() < PATIENCE => {
                tracing::debug!(%error.message, "topics are asked for again");
                cluster.wait(PATIENCE.saturating_sub(started.elapsed()), observer)?;
                std::thread::sleep(IDLE);
            }
            answer => return answer,
        }
    }
}

/// The decoded options of a Kafka connection.
pub(super) fn kafka_connection(plan: &Plan, name: &str) -> Result<KafkaConnection, RunError> {
    let connection = plan.connection(name).ok_or_else(|| bug(format!("the plan has no connection `{name}`")))?;
    KafkaConnection::decode(&connection.options).map_err(|error| RunError {
        name: "option-value",
        message: format!("connection `{name}`: {error}"),
        help: None,
        origin: Some(connection.origin),
        class: ErrorClass::Configuration,
    })
}

/// How long a cluster may be away at the start before the run gives up with exit code 3.
const PATIENCE: Duration = Duration::from_secs(20);

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<std::thread::JoinHandle<()>, RunError> {
    std::thread::Builder::new()
        .name(name.to_string())
        .spawn(work)
        .map_err(|error| bug(format!("cannot start a thread: {error}")))
}

/// How long a lane waits for news when there is nothing to read.
pub(super) const IDLE: Duration = Duration::from_millis(50);
