//! A run without servers: topics live in this process, one thread loads the sources into them, one reads them, one stores.
//!
//! Exactly once by one rule: the database holds, in the transaction of the rows, for each partition the next offset, and
//! for the sources a cursor with the offsets that the topics had there. A run that follows loads again from the cursor;
//! loading is deterministic, so each record gets the offset it had, and what lies before the stored offset is passed over.
//! Offsets here are logical: they go on over runs, while those of the in-process topics begin at 0 each time.

mod lane;
mod loading;
mod positions;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::unbounded;
use pipewright_plan::{OptionValue, Plan, Stage, Topic};

use self::lane::{Lane, used_elsewhere};
use self::loading::{LoadEnd, Loading, STANDING, Standing};
pub(super) use self::positions::changes;
use super::committer::{Committer, CommitterParts, database_error};
use super::opening::{self, Opened};
use super::summary;
use super::tally::Tally;
use super::{RunSettings, beginning, bug};
use crate::connectors::kafka::embedded::EmbeddedCluster;
use crate::connectors::kafka::originals::KafkaOriginals;
use crate::engine::StageCore;
use crate::record::{Original, RecordId};
use crate::report::{ErrorClass, Observer, RunError, Summary};
use crate::sinks::{self, Acquired, Database, DatabaseError, History, Originals};

/// Whether a plan's topics live in the process.
pub(super) fn is_embedded(plan: &Plan) -> bool {
    let embedded = |it: &pipewright_plan::Connection| it.options.get("embedded") == Some(&OptionValue::Bool(true));
    plan.connections.iter().any(|it| it.kind == "kafka" && embedded(it))
}

/// Fetches by logical offset what the in-process topics count from 0.
struct Logical {
    originals: KafkaOriginals,
    bases: Arc<Vec<Vec<i64>>>,
}

impl Originals for Logical {
    fn fetch(&self, at: RecordId) -> Result<Option<Original>, String> {
        self.originals.fetch(RecordId { offset: at.offset - base(&self.bases, at.topic, at.partition), ..at })
    }
}

/// All stages as one: they share the epoch.
pub(super) fn global_stage(plan: &Plan) -> Result<Stage, RunError> {
    let mut stages = plan.stages.iter();
    let mut all = stages.next().cloned().ok_or_else(|| bug("no stage"))?;
    for stage in stages {
        if stage.domain != all.domain {
            return Err(RunError {
                name: "embedded-two-databases",
                message: format!(
                    "an embedded run stores into one database, not into `{}` and `{}`",
                    all.domain, stage.domain
                ),
                help: Some("give both sinks one connection, or run on a real Kafka".into()),
                origin: None,
                class: ErrorClass::Configuration,
            });
        }
        let extend = |list: &mut Vec<String>, more: &[String]| {
            for name in more {
                if !list.contains(name) {
                    list.push(name.clone());
                }
            }
        };
        extend(&mut all.topics, &stage.topics);
        extend(&mut all.transforms, &stage.transforms);
        extend(&mut all.sinks, &stage.sinks);
    }
    Ok(all)
}

/// Runs an embedded plan to the end of its sources, or until told to stop.
pub(super) fn run(plan: &Plan, settings: &RunSettings, observer: Arc<dyn Observer>) -> Result<Summary, RunError> {
    beginning::check_embedded(settings.from)?;
    let stage = global_stage(plan)?;
    let topics: Vec<&Topic> = stage.topics.iter().filter_map(|name| plan.topic(name)).collect();
    let partitions: Vec<u32> = topics.iter().map(|it| it.partitioning.count.unwrap_or(1).max(1)).collect();

    let ending = || settings.stop.requested();
    let Opened { mut database, runtime, encoders, history, letters_before, what, origins } =
        opening::open(plan, &stage, settings, true, &*observer, &ending)?;
    let fail = |error: DatabaseError| database_error(error, &what, &origins);
    let cursors = match &history {
        // What the sources stood at belongs to positions that are gone.
        History::Fresh | History::RowsOnly(_) => BTreeMap::new(),
        History::Stored | History::Late(_) | History::Emptied(_) => {
            runtime.block_on(database.cursors()).map_err(&fail)?
        }
    };
    let mut standing: Standing = match cursors.get(STANDING) {
        Some(text) => {
            serde_json::from_str(text).map_err(|error| bug(format!("the stored cursor is unreadable: {error}")))?
        }
        None => Standing::default(),
    };
    for topic in &topics {
        let Some(stored) = topic.was.as_ref().and_then(|was| standing.offsets.remove(was)) else { continue };
        standing.offsets.entry(topic.name.clone()).or_insert(stored);
    }
    let bases = bases(&topics, &partitions, &standing)?;
    let mut core = StageCore::new(plan, &stage, encoders)?;
    let database_place = sinks::location(plan, &stage.domain);

    let named: Vec<(String, u32)> = topics.iter().zip(&partitions).map(|(it, n)| (it.topic.clone(), *n)).collect();
    let (loader, mut reader) = EmbeddedCluster::start(&named)?;
    let committer = Committer::start(
        &stage.id,
        CommitterParts {
            database,
            runtime,
            originals: Arc::new(Logical { originals: KafkaOriginals::embedded(&reader), bases: Arc::clone(&bases) }),
            observer: Arc::clone(&observer),
            stop: Arc::clone(&settings.stop),
            what,
            sink_origins: origins,
        },
    )?;
    let mut positions = acquire(&committer, &plan.pipeline.name, &partitions, &|topic, partition| {
        // What is loaded now comes after what was stored of it.
        let lost = base(&bases, topic, partition) > 0;
        lost.then(|| beginning::position_missing(plan, &stage, topics.get(usize::from(topic)).copied(), partition))
    })?;

    let (marks_out, marks) = unbounded();
    let loading = Loading {
        plan: plan.clone(),
        stage: stage.clone(),
        bases: bases.clone(),
        cursors,
        standing,
        loader: loader.clone(),
        marks: marks_out,
        observer: Arc::clone(&observer),
        stop: Arc::clone(&settings.stop),
    };
    let loader_thread = std::thread::Builder::new()
        .name("load".into())
        .spawn(move || loading.run())
        .map_err(|error| bug(format!("cannot start a thread: {error}")))?;

    let started = Instant::now();
    let mut lane = Lane {
        plan,
        stage: &stage,
        committer,
        loader: &loader,
        bases: &bases,
        marks,
        pending: VecDeque::new(),
        end: None,
        stored: positions.clone(),
        in_flight: 0,
        recycled: vec![],
        tally: Tally::default(),
        epochs: 0,
        observer,
    };
    let outcome = lane.run(&mut core, &mut reader, &mut positions);
    // Whatever ended the lane ends the loader, which may wait for room.
    loader.stop();
    let _ = loader_thread.join();
    let Lane { committer, mut tally, marks, pending, .. } = lane;
    committer.finish().iter().for_each(|it| tally.stored(it));
    let end = outcome.unwrap_or_else(|error| {
        // What the loader did until the lane ended is in a mark that nobody has taken.
        let last = pending.into_iter().chain(marks.try_iter()).find_map(|it| it.last);
        LoadEnd { sources: last.map(|it| it.sources).unwrap_or_default(), error: Some(error), ended: false }
    });
    let failed = end.error.or_else(|| loader.verify_finished().err());
    let mut databases = BTreeMap::new();
    databases.insert(stage.domain.clone(), database_place);
    Ok(Summary {
        sources: end.sources,
        stages: vec![summary::stage(plan, &stage, &tally, &core.numbering, letters_before)],
        databases,
        seconds: started.elapsed().as_secs_f64(),
        ended: end.ended && failed.is_none(),
        failed,
    })
}

/// Who holds the positions; for people who look into the table.
pub(super) fn owner() -> String {
    format!("pid {}", std::process::id())
}

/// The logical offset of the first record that the loader will send, by topic and partition.
fn bases(topics: &[&Topic], partitions: &[u32], standing: &Standing) -> Result<Arc<Vec<Vec<i64>>>, RunError> {
    let mut bases = Vec::with_capacity(topics.len());
    for (topic, count) in topics.iter().zip(partitions) {
        let count = usize::try_from(*count).unwrap_or(1);
        let stored = standing.offsets.get(&topic.name).cloned().unwrap_or_else(|| vec![0; count]);
        if stored.len() != count {
            return Err(RunError {
                name: "partitions-changed",
                message: format!(
                    "`{}` had {} partitions in the runs before, now it has {count}",
                    topic.name,
                    stored.len()
                ),
                help: Some(format!("set `partitions = {}`, or start afresh with another database", stored.len())),
                origin: Some(topic.origin),
                class: ErrorClass::WouldLose,
            });
        }
        bases.push(stored);
    }
    Ok(Arc::new(bases))
}

fn acquire(
    committer: &Committer,
    program: &str,
    partitions: &[u32],
    lost: &dyn Fn(u16, i32) -> Option<RunError>,
) -> Result<BTreeMap<(u16, i32), i64>, RunError> {
    let all: Vec<(u16, i32)> = (0u16..)
        .zip(partitions)
        .flat_map(|(topic, n)| (0..i32::try_from(*n).unwrap_or(i32::MAX)).map(move |p| (topic, p)))
        .collect();
    let ids = vec![None; all.len()];
    let acquired = committer.acquire(all, ids)?;
    let mut without = acquired.iter().filter(|it| it.next.is_none());
    if let Some(error) = without.find_map(|it| lost(it.topic, it.partition)) {
        return Err(error);
    }
    let fresh: Vec<Acquired> =
        acquired.iter().filter(|it| it.next.is_none()).map(|it| Acquired { next: Some(0), ..it.clone() }).collect();
    if !fresh.is_empty() && committer.start_at(fresh)?.is_none() {
        return Err(used_elsewhere("a position was taken over", program));
    }
    Ok(acquired.into_iter().map(|it| ((it.topic, it.partition), it.next.unwrap_or_default())).collect())
}

fn base(bases: &[Vec<i64>], topic: u16, partition: i32) -> i64 {
    let partition = usize::try_from(partition).unwrap_or_default();
    bases.get(usize::from(topic)).and_then(|it| it.get(partition)).copied().unwrap_or_default()
}
