//! Letters of sources on a real cluster: each goes through its source's core again, and the records into its topics.
//!
//! Invariants: records, marks of the letters and the source's cursor are one transaction under the source's own id, so a run that goes
//! on is shut out until it is over, and begins anew behind it. Where the order of records matters, a record is only written if none of
//! its key is in the topic: which of two is newer nobody knows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pipewright_plan::{OptionValue, Plan, Source, Topic};

use super::super::embedded;
use super::super::letters::{fits, of_cluster};
use super::super::positions::{Clusters, SourceCursor};
use super::super::server::kafka_connection;
use super::there::{There, matters};
use super::{Outcome, Report, Request, counted};
use crate::codecs::csv::CsvDecoder;
use crate::codecs::{self, ColumnRequest};
use crate::connectors::kafka::admin::TopicNeed;
use crate::connectors::kafka::errors::ErrorKind;
use crate::connectors::kafka::ingest::{IngestConfig, IngestError, IngestProducer, too_large};
use crate::connectors::kafka::letters::{Letters, id};
use crate::crash_points;
use crate::engine::{Emit, HEAD, IngestCore, IngestHalt};
use crate::record::{FileRecord, RecordId};
use crate::report::{ErrorClass, Observer, RunError, bug};
use crate::sinks::dead_letters::StoredLetter;
use crate::sinks::settle::{Again, Change, Settled};

/// Records of one transaction.
const BATCH: usize = 2_000;
/// How often a transaction is tried again that was shut out.
const TRIES: u32 = 20;

/// Sends the letters of all sources.
pub(super) fn replay(
    plan: &Plan,
    request: &Request,
    left: &mut Option<u32>,
    ear: &Arc<dyn Observer>,
    report: &mut Report,
) -> Result<(), RunError> {
    if embedded::is_embedded(plan) {
        return Ok(());
    }
    let fed =
        plan.ingest.iter().filter_map(|it| Some((plan.topic(&it.topic)?.connection.as_str(), it.source.as_str())));
    let mut clusters: Vec<&str> = fed.clone().map(|(connection, _)| connection).collect();
    clusters.sort_unstable();
    clusters.dedup();
    for cluster in clusters {
        let known = of_cluster(plan, &mut Clusters::new(plan, ear), cluster)?;
        let mut by_source = BTreeMap::<String, Vec<StoredLetter>>::new();
        for it in known.into_values().filter(|it| fits(&request.filter, it) && it.replayed_at.is_none()) {
            by_source.entry(it.topic.clone()).or_default().push(it);
        }
        for (name, mut letters) in by_source {
            letters.retain(|_| counted(left));
            let source = plan.source(&name).filter(|_| fed.clone().any(|it| it == (cluster, &name)));
            match source {
                Some(source) => Work { plan, source, cluster, dry: request.dry, ear }.all(letters, report)?,
                None => {
                    let why = format!("the program has no source `{name}` any more that feeds a topic");
                    letters.iter().for_each(|it| report.tell(it, Outcome::Left(why.clone(), None)));
                }
            }
        }
    }
    Ok(())
}

struct Work<'a> {
    plan: &'a Plan,
    source: &'a Source,
    cluster: &'a str,
    dry: bool,
    ear: &'a Arc<dyn Observer>,
}

/// What heads a row, and the node that refused it.
type Way = (Option<Vec<String>>, String);

/// The letters of one record at one node.
type Group = Vec<StoredLetter>;

/// A record for a topic.
pub(super) struct Message {
    /// Index of the topic.
    pub(super) target: usize,
    pub(super) partition: i32,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
}

/// What came of the letters of one record.
struct Made {
    letters: Group,
    messages: Vec<Message>,
    again: Vec<Again>,
}

/// Takes messages out of a core.
#[derive(Default)]
struct Caught(Vec<Message>);

impl Emit for Caught {
    fn emit(
        &mut self,
        target: usize,
        partition: i32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<(), RunError> {
        let own = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        self.0.push(Message { target, partition, key: own(key), value: own(value) });
        Ok(())
    }
}

/// Why a transaction did not come about.
enum Trouble {
    Again,
    Failed(RunError),
}

impl From<RunError> for Trouble {
    fn from(error: RunError) -> Self {
        Self::Failed(error)
    }
}

impl From<IngestError> for Trouble {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Stop(error) => Self::Failed(error),
            IngestError::Refused(bad) => Self::Failed(too_large(bad.reason)),
            IngestError::Fenced | IngestError::Redo(_) | IngestError::Renew(_) => Self::Again,
        }
    }
}

impl Work<'_> {
    fn all(&self, letters: Vec<StoredLetter>, report: &mut Report) -> Result<(), RunError> {
        // In the order of their places, those of one record together.
        let mut groups = BTreeMap::<(i32, i64, String), Group>::new();
        for it in letters {
            groups.entry((it.partition, it.offset, it.node.clone())).or_default().push(it);
        }
        let groups: Vec<Group> = groups.into_values().collect();
        groups.chunks(BATCH).try_for_each(|batch| self.batch(batch, report))
    }

    fn topics(&self) -> Vec<&Topic> {
        let fed = self.plan.ingest.iter().filter(|it| it.source == self.source.name);
        fed.filter_map(|it| self.plan.topic(&it.topic)).collect()
    }

    fn producer(&self) -> Result<IngestProducer, Trouble> {
        let (plan, topics) = (self.plan, self.topics());
        let planned = plan.ingest.iter().find(|it| it.source == self.source.name).map(|it| it.transactional_id.clone());
        let made = IngestProducer::new(IngestConfig {
            connection: kafka_connection(plan, self.cluster)?,
            connection_name: self.cluster.to_string(),
            program: plan.pipeline.name.clone(),
            was: plan.pipeline.was.clone(),
            source: self.source.name.clone(),
            transactional_id: planned.unwrap_or_else(|| format!("{}.source.{}", plan.pipeline.name, self.source.name)),
            topics: topics.iter().map(|it| TopicNeed::from(*it)).collect(),
            compression: topics.first().map(|it| it.compression.clone()).unwrap_or_default(),
        });
        made.map_err(
            |error| if error.class == ErrorKind::Retry { Trouble::Again } else { Trouble::Failed(error.into()) },
        )
    }

    fn batch(&self, groups: &[Group], report: &mut Report) -> Result<(), RunError> {
        for _ in 0..TRIES {
            match self.once(groups) {
                Ok(done) => {
                    done.into_iter().for_each(|(letter, outcome)| report.tell(&letter, outcome));
                    return Ok(());
                }
                Err(Trouble::Again) => std::thread::sleep(Duration::from_millis(200)),
                Err(Trouble::Failed(error)) => return Err(error),
            }
        }
        Err(RunError {
            name: "replay-overtaken",
            message: format!("a run writes source `{}` and takes it back each time", self.source.name),
            help: Some("try again, or stop the run meanwhile; what was replayed is stored".into()),
            origin: Some(self.source.origin),
            class: ErrorClass::OutOfReach,
        })
    }

    /// One transaction, and what becomes of the letters by it.
    fn once(&self, groups: &[Group]) -> Result<Vec<(StoredLetter, Outcome)>, Trouble> {
        let mut done: Vec<(StoredLetter, Outcome)> = Vec::new();
        let mut tell = |letters: &[StoredLetter], outcome: &Outcome| {
            done.extend(letters.iter().map(|it| (it.clone(), outcome.clone())));
        };
        let mut producer = if self.dry { None } else { Some(self.producer()?) };
        let mut clusters = Clusters::new(self.plan, self.ear);
        // Whoever was at it before is shut out by now: what lies there does not change any more.
        let known = of_cluster(self.plan, &mut clusters, self.cluster)?;
        let still_open = |it: &StoredLetter| {
            let now = known.get(&id(&it.topic, it.partition, it.offset, it.ordinal));
            now.is_some_and(|now| now.replayed_at.is_none() && now.node == it.node)
        };
        let cursor = match &producer {
            None => None,
            Some(producer) => match producer.cursor() {
                Some(text) => Some(serde_json::from_str::<SourceCursor>(text).map_err(|error| bug(error.to_string()))?),
                None => {
                    let why = "its source is going to be read from its beginning: a run reads its record again";
                    groups.iter().for_each(|it| tell(it, &Outcome::Left(why.into(), None)));
                    return Ok(done);
                }
            },
        };
        let read = cursor.as_ref().map_or(0, |it| i64::try_from(it.read).unwrap_or_default());
        let topics = self.topics();
        let mut targets = Vec::new();
        for (index, topic) in topics.iter().enumerate() {
            let partitions = match &producer {
                Some(producer) => i32::try_from(producer.partitions(index)).unwrap_or(1),
                None => clusters.topic(&topic.name)?.map_or(1, |it| i32::try_from(it.ends.len()).unwrap_or(1)),
            };
            targets.push((*topic, partitions, read));
        }
        let mut cores = BTreeMap::new();
        let mut made = Vec::new();
        for letters in groups {
            if !letters.iter().all(still_open) {
                tell(letters, &Outcome::Elsewhere);
                continue;
            }
            match self.send(&targets, &mut cores, letters)? {
                Ok(it) => made.push(it),
                Err(outcome) => tell(letters, &outcome),
            }
        }
        let mut there = There::new(self.plan, self.cluster, &topics)?;
        let ordered: Vec<bool> = topics.iter().map(|it| matters(self.plan, it)).collect();
        let wanted = |message: &Message| ordered.get(message.target).copied().unwrap_or(false);
        there.look_for(made.iter().flat_map(|it| &it.messages).filter(|it| wanted(it)))?;
        if let Some(producer) = &mut producer {
            producer.begin()?;
        }
        let (mut closed, mut opened) = (0u64, 0u64);
        for Made { letters, messages, again } in &made {
            let Some(first) = letters.first() else { continue };
            if let Some(why) = there.hinders(messages.iter().filter(|it| wanted(it)), first.partition)? {
                tell(letters, &Outcome::Left(why.into(), None));
                continue;
            }
            let settled = Settled {
                at: RecordId::default(),
                topic_id: String::new(),
                node: first.node.clone(),
                ordinals: letters.iter().map(|it| it.ordinal).collect(),
                again: again.clone(),
            };
            if let Some(producer) = &mut producer {
                for it in messages {
                    producer.send(it.target, it.partition, it.key.as_deref(), it.value.as_deref(), &[], None)?;
                }
                let (shut, left) = settle(producer, &known, first, &settled)?;
                (closed, opened) = (closed + shut, opened + left);
            }
            let fine = if messages.is_empty() { Outcome::Filtered } else { Outcome::Replayed };
            for (at, letter) in letters.iter().enumerate() {
                let refused = again.get(at).map(|it| Outcome::Refused(it.name.clone(), it.reason.clone()));
                tell(std::slice::from_ref(letter), &refused.unwrap_or_else(|| fine.clone()));
            }
        }
        if let (Some(mut producer), Some(cursor)) = (producer, cursor) {
            let letters = (cursor.letters + opened).saturating_sub(closed);
            let text =
                serde_json::to_string(&SourceCursor { letters, ..cursor }).map_err(|error| bug(error.to_string()))?;
            crash_points::here("replay-begin");
            producer.commit(&text)?;
            crash_points::here("replay-stored");
        }
        Ok(done)
    }

    /// Sends one record through the core of its way.
    fn send(
        &self,
        targets: &[(&Topic, i32, i64)],
        cores: &mut BTreeMap<Way, (IngestCore, usize)>,
        letters: &Group,
    ) -> Result<Result<Made, Outcome>, RunError> {
        let left = |why: &str| Ok(Err(Outcome::Left(why.to_string(), None)));
        let Some(first) = letters.first() else { return left("") };
        let (true, Some(bytes)) = (first.kept, &first.value) else {
            return left("the bytes of its record were not kept (`original = position`, or too large)");
        };
        let text = |name: &str| {
            let found = first.headers.iter().find(|(it, _)| it == name).and_then(|(_, value)| value.as_deref());
            found.map(|it| String::from_utf8_lossy(it).into_owned())
        };
        let head: Option<Vec<String>> = text(HEAD).and_then(|it| serde_json::from_str(&it).ok());
        let format = &self.source.format;
        let headed = format.codec == "csv" && format.options.get("header") != Some(&OptionValue::Bool(false));
        if headed && head.is_none() {
            return left("the header of its file was not kept: what its cells are is not known");
        }
        let head = head.filter(|_| headed);
        let way = (head.clone(), first.node.clone());
        if !cores.contains_key(&way) {
            let decoder = |columns: &[ColumnRequest]| match &head {
                Some(names) => {
                    let made = CsvDecoder::new(&format.options, columns, &self.source.schema, Some(names))?;
                    Ok(Box::new(made) as Box<dyn codecs::Decoder>)
                }
                None => codecs::decoder(format, columns, &self.source.schema),
            };
            let mut core = IngestCore::new(self.plan, self.source, targets, 0, &decoder)?;
            let ways = core.keep_way_of(&first.node);
            cores.insert(way.clone(), (core, ways));
        }
        let Some((core, ways)) = cores.get_mut(&way) else { return left("") };
        if *ways == 0 {
            return left(&format!("the program has no `{}` behind `{}` any more", first.node, self.source.name));
        }
        if *ways > 1 && letters.len() != *ways {
            return left("its record comes to the node on several ways, and not on all of them it was refused");
        }
        let file = text("pipewright.file").unwrap_or_default();
        let line = text("pipewright.line").and_then(|it| it.parse().ok()).unwrap_or(1);
        let start = u64::try_from(first.offset).unwrap_or_default();
        let names = head.as_deref();
        let record = FileRecord { bytes, file: &file, turn: 0, start, line, lines: 1, torn: None, head: names };
        let mut caught = Caught::default();
        match core.take(&record, &mut caught) {
            Ok(()) => {}
            Err(IngestHalt::Policy { error, .. } | IngestHalt::Emit(error)) => return Err(error),
        }
        let again = core.letters().into_iter().map(|it| Again {
            node: it.node,
            step: it.step,
            place: it.place,
            name: it.bad.name.to_string(),
            reason: it.bad.reason,
            stale_key: it.stale_key,
        });
        Ok(Ok(Made { letters: letters.clone(), messages: caught.0, again: again.collect() }))
    }
}

/// Marks letters, or writes them with their new reasons; how many are closed and how many are new.
fn settle(
    producer: &mut IngestProducer,
    known: &Letters,
    first: &StoredLetter,
    settled: &Settled,
) -> Result<(u64, u64), IngestError> {
    let (mut closed, mut opened) = (0, 0);
    let of_record =
        |it: &&StoredLetter| (&it.topic, it.partition, it.offset) == (&first.topic, first.partition, first.offset);
    let mut free = known.values().filter(of_record).map(|it| it.ordinal + 1).max().unwrap_or_default();
    for change in settled.changes() {
        let (ordinal, why) = match change {
            Change::Done(ordinal) => {
                closed += 1;
                producer.mark(&id(&first.topic, first.partition, first.offset, ordinal))?;
                continue;
            }
            Change::Stays(ordinal, why) => (ordinal, why),
            Change::Another(_, why) => {
                opened += 1;
                free += 1;
                (free - 1, why)
            }
        };
        let letter = StoredLetter {
            ordinal,
            node: why.node.clone(),
            step: why.step.clone(),
            place: why.place.clone(),
            name: why.name.clone(),
            reason: why.reason.clone(),
            stale_key: why.stale_key,
            ..first.clone()
        };
        producer.letter_again(&id(&first.topic, first.partition, first.offset, ordinal), &letter)?;
    }
    Ok((closed, opened))
}
