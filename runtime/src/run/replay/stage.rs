//! Letters of one stage: each goes through the stage's own core, on the way that refused it, into the transaction of its rows.

use std::collections::BTreeMap;
use std::time::Duration;

use pipewright_plan::{Plan, Sink, Stage};

use super::super::committer::database_error;
use super::super::embedded::{self, owner};
use super::super::opening::first_error;
use super::newer::{Newer, Open, matters};
use super::record::{KeyEncoder, Record};
use super::{Outcome, Report, Request, counted};
use crate::crash_points;
use crate::engine::StageCore;
use crate::record::{DeadLetter, RecordId};
use crate::report::{ErrorClass, RunError, bug};
use crate::sinks::dead_letters::{LetterFilter, StoredLetter};
use crate::sinks::positions::{Stored, StoredPosition};
use crate::sinks::settle::{Again, Settled};
use crate::sinks::{self, AnyDatabase, Chunk, Committed, Database, DatabaseError, Epoch, Move, Originals};

/// Records of one transaction.
const BATCH: usize = 200;
/// How often a transaction is tried again that another one has overtaken.
const TRIES: u32 = 200;

/// Sends the letters of a stage through it again.
pub(super) fn replay(
    plan: &Plan,
    stage: &Stage,
    request: &Request,
    left: &mut Option<u32>,
    report: &mut Report,
) -> Result<(), RunError> {
    let runtime = super::asynchronous()?;
    let what = sinks::describe(plan, &stage.domain);
    let sinks: Vec<&Sink> = stage.sinks.iter().filter_map(|it| plan.sink(it)).collect();
    let origins: Vec<_> = sinks.iter().map(|it| it.origin).collect();
    let fail = |error| database_error(error, &what, &origins);
    let mut database = sinks::open(plan, stage, &format!("replay, {}", owner())).map_err(fail)?;
    let open = LetterFilter { stage: Some(stage.id.clone()), open: true, ..LetterFilter::default() };
    let wanted = LetterFilter { limit: None, ..request.filter.clone() };
    let wanted = LetterFilter { stage: open.stage.clone(), open: true, ..wanted };
    let mut letters = runtime.block_on(database.dead_letters(&wanted)).map_err(fail)?;
    letters.retain(|_| counted(left));
    if letters.is_empty() {
        return Ok(());
    }
    if !request.dry {
        runtime.block_on(database.prepare()).map_err(|errors| first_error(errors, &fail))?;
    }
    let stored = runtime.block_on(database.positions()).map_err(fail)?;
    let mut nodes = Open::new();
    for it in runtime.block_on(database.dead_letters(&open)).map_err(fail)? {
        nodes.entry((it.topic, it.partition, it.offset)).or_default().insert(it.node);
    }
    let groups = groups(plan, stage, letters, &stored, report);
    let mut work = Work { plan, stage, sinks, database, runtime, what, dry: request.dry, open: &nodes };
    groups.into_iter().try_for_each(|(way, records)| work.group(&way, records, report))
}

/// Records that take one way: index of the topic, id of the topic, node.
type Way = (u16, String, String);

/// Letters by their way, their records in order. Those that cannot be sent are told of.
fn groups(
    plan: &Plan,
    stage: &Stage,
    letters: Vec<StoredLetter>,
    stored: &Stored,
    report: &mut Report,
) -> BTreeMap<Way, Vec<Record>> {
    let mut groups = BTreeMap::<Way, BTreeMap<RecordId, Record>>::new();
    for letter in letters {
        let index = stage.topics.iter().position(|it| plan.topic(it).is_some_and(|it| it.topic == letter.topic));
        let Some(topic) = index.and_then(|it| u16::try_from(it).ok()) else {
            let outcome = elsewhere(plan, &letter);
            report.tell(&letter, outcome);
            continue;
        };
        let position = position(stored, &letter.topic, letter.partition);
        let here =
            position.is_some_and(|it| letter.topic_id.is_empty() || it.topic_id.as_ref() == Some(&letter.topic_id));
        let why = if !letter.kept {
            Some("the bytes of its record were not kept (`original = position`)")
        } else if here && position.and_then(|it| it.next).is_none_or(|next| next <= letter.offset) {
            Some("its stage stands before it: a run reads its record again")
        } else {
            None
        };
        if let Some(why) = why {
            report.tell(&letter, Outcome::Left(why.to_string(), None));
            continue;
        }
        let at = RecordId { topic, partition: letter.partition, offset: letter.offset };
        let group = groups.entry((topic, letter.topic_id.clone(), letter.node.clone())).or_default();
        match group.get_mut(&at) {
            Some(record) => record.letters.push(letter),
            None => drop(group.insert(at, Record::new(at, letter))),
        }
    }
    groups.into_iter().map(|(way, records)| (way, records.into_values().collect())).collect()
}

fn position<'s>(stored: &'s Stored, topic: &str, partition: i32) -> Option<&'s StoredPosition> {
    stored.positions.iter().find(|it| it.topic == topic && it.partition == partition)
}

/// A letter whose record was not refused in a topic of its stage.
fn elsewhere(plan: &Plan, letter: &StoredLetter) -> Outcome {
    if plan.source(&letter.topic).is_some() {
        let why = "it was refused before its topic, which lives in the process".to_string();
        let help = format!("`pipewright positions reset FILE {}` lets a run read the source again", letter.topic);
        return Outcome::Left(why, Some(help));
    }
    Outcome::Left(format!("the stage reads no topic `{}` any more", letter.topic), None)
}

struct Work<'a> {
    plan: &'a Plan,
    stage: &'a Stage,
    sinks: Vec<&'a Sink>,
    database: AnyDatabase,
    runtime: tokio::runtime::Runtime,
    what: String,
    dry: bool,
    open: &'a Open,
}

/// What came of records: rows by sink, and bad ones.
struct Made {
    chunks: Vec<Chunk>,
    bad: Vec<DeadLetter>,
}

/// How a transaction went.
enum Went {
    Done(Box<Committed>),
    Overtaken,
}

impl Work<'_> {
    fn fail(&self, error: DatabaseError) -> RunError {
        let origins: Vec<_> = self.sinks.iter().map(|it| it.origin).collect();
        database_error(error, &self.what, &origins)
    }

    fn positions(&mut self) -> Result<Stored, RunError> {
        let stored = self.runtime.block_on(self.database.positions());
        stored.map_err(|error| self.fail(error))
    }

    fn group(&mut self, way: &Way, mut records: Vec<Record>, report: &mut Report) -> Result<(), RunError> {
        let (topic, topic_id, node) = way;
        let mut probe = StageCore::new(self.plan, self.stage, KeyEncoder::all(&self.sinks))?;
        let ways = probe.keep_way_of(*topic, node);
        let name = self.stage.topics.get(usize::from(*topic)).map(String::as_str).unwrap_or_default();
        let stays = |record: &Record| match ways {
            0 => Some(format!("the program has no `{node}` behind `{name}` any more")),
            1 => None,
            ways if record.letters.len() == ways => None,
            _ => Some(format!("its record comes to `{node}` on several ways, and not on all of them it was refused")),
        };
        records.retain(|record| match stays(record) {
            Some(why) => {
                record.letters.iter().for_each(|it| report.tell(it, Outcome::Left(why.clone(), None)));
                false
            }
            None => true,
        });
        let made = pass(&mut probe, records.iter())?;
        let source = self.plan.topic(name).ok_or_else(|| bug(format!("the plan has no topic `{name}`")))?;
        let ordered: Vec<bool> = self.sinks.iter().map(|it| matters(source, it)).collect();
        let concerned = made.chunks.iter().zip(&ordered).filter(|(_, ordered)| **ordered).flat_map(|(it, _)| &it.rows);
        let concerned: Vec<RecordId> = concerned.map(|it| it.at).collect();
        let mut newer = None;
        if !concerned.is_empty() {
            let stored = self.positions()?;
            let now = position(&stored, &source.topic, concerned.first().map_or(0, |it| it.partition));
            let former = !topic_id.is_empty() && now.is_some_and(|it| it.topic_id.as_ref() != Some(topic_id));
            if embedded::is_embedded(self.plan) || former {
                let (why, help) = self.unknowable(former, source.from.first());
                records.retain(|record| {
                    let stays = concerned.contains(&record.at);
                    if stays {
                        record.letters.iter().for_each(|it| report.tell(it, Outcome::Left(why.clone(), help.clone())));
                    }
                    !stays
                });
            } else {
                let at = (*topic, node.as_str());
                let mut found = Newer::new(self.plan, self.stage, at, &records, &made.chunks, self.open)?;
                found.read_on()?;
                newer = Some(found);
            }
        }
        let numbers: Vec<usize> = (0..records.len()).collect();
        for batch in numbers.chunks(BATCH) {
            self.batch(way, &records, batch, newer.as_mut(), report)?;
        }
        Ok(())
    }

    /// Why the order of records cannot be looked up.
    fn unknowable(&self, former: bool, source: Option<&String>) -> (String, Option<String>) {
        if former {
            return (
                "its topic was deleted and created anew, so whether a later record of its key came is not known".into(),
                None,
            );
        }
        let fed = self.plan.ingest.iter().find(|it| source.is_some_and(|source| it.source == *source));
        let name = fed.map_or_else(|| self.stage.id.clone(), |it| it.source.clone());
        let help = format!("`pipewright positions reset FILE {name}` lets a run read it again");
        ("without a Kafka there is no topic to look for later records of its key".into(), Some(help))
    }

    /// One transaction; again, until nobody overtakes it.
    fn batch(
        &mut self,
        way: &Way,
        records: &[Record],
        batch: &[usize],
        mut newer: Option<&mut Newer<'_>>,
        report: &mut Report,
    ) -> Result<(), RunError> {
        let (topic, ..) = way;
        let mut wanted: Vec<usize> = batch.to_vec();
        let encoders = if self.dry { Ok(KeyEncoder::all(&self.sinks)) } else { self.database.encoders() };
        let mut core = StageCore::new(self.plan, self.stage, encoders.map_err(|error| self.fail(error))?)?;
        core.keep_way_of(*topic, &way.2);
        for _ in 0..TRIES {
            let stored = self.positions()?;
            let mut moves = Vec::new();
            if let Some(newer) = newer.as_deref_mut() {
                moves = self.standing(&stored, *topic, records, &wanted);
                if !moves.iter().all(|it| newer.covers(it.partition, it.next)) {
                    newer.read_on()?;
                }
            }
            let newer = newer.as_deref();
            let doubt = |it: &usize| newer.and_then(|newer| newer.doubt(*it));
            let sent: Vec<usize> = wanted.iter().copied().filter(|it| doubt(it).is_none()).collect();
            let mut made = pass(&mut core, sent.iter().filter_map(|it| records.get(*it)))?;
            let number = |at: RecordId| records.binary_search_by(|it| it.at.cmp(&at)).unwrap_or(usize::MAX);
            let mut superseded = std::collections::BTreeSet::new();
            for (sink, chunk) in made.chunks.iter_mut().enumerate() {
                chunk.rows.retain(|row| {
                    let stale = newer.is_some_and(|newer| newer.is_superseded(number(row.at), sink));
                    if stale {
                        superseded.insert(number(row.at));
                    }
                    !stale
                });
            }
            let settled: Vec<Settled> =
                sent.iter().filter_map(|it| records.get(*it)).map(|it| self.settled(way, it, &made.bad)).collect();
            let left = wanted.iter().filter_map(|it| Some((*it, doubt(it)?)));
            let left: Vec<(usize, &str)> = left.collect();
            let epoch = Epoch { number: 1, chunks: made.chunks, moves, settled, ..Epoch::default() };
            let refused = match self.store(&epoch)? {
                Went::Overtaken => {
                    wanted = self.still_open(way, records, &wanted, report)?;
                    if wanted.is_empty() {
                        return Ok(());
                    }
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                }
                Went::Done(committed) => committed.refused,
            };
            for (record, why) in left.iter().filter_map(|(it, why)| Some((records.get(*it)?, why))) {
                record.letters.iter().for_each(|it| report.tell(it, Outcome::Left((*why).to_string(), None)));
            }
            let mut rows: BTreeMap<RecordId, u64> = BTreeMap::new();
            for (sink, chunk) in epoch.chunks.iter().enumerate() {
                let out = |at: RecordId| refused.iter().any(|it| it.sink == sink && it.at == at);
                for row in chunk.rows.iter().filter(|row| !out(row.at)) {
                    *rows.entry(row.at).or_default() += 1;
                    if let Some(it) = self.sinks.get(sink) {
                        let table = format!("{}.{}", it.connection, it.table);
                        *report.rows.entry((it.name.clone(), table)).or_default() += 1;
                    }
                }
            }
            for (index, mut settled) in sent.iter().zip(epoch.settled) {
                let Some(record) = records.get(*index) else { continue };
                settled.again.extend(refused.iter().filter(|it| it.at == record.at).map(|it| Again {
                    name: it.bad.name.to_string(),
                    reason: it.bad.reason.clone(),
                    ..Again::default()
                }));
                let fine = match (rows.contains_key(&record.at), superseded.contains(index)) {
                    (true, _) => Outcome::Replayed,
                    (false, true) => Outcome::Superseded,
                    (false, false) => Outcome::Filtered,
                };
                for (at, letter) in record.letters.iter().enumerate() {
                    let again = settled.again.get(at).map(|it| Outcome::Refused(it.name.clone(), it.reason.clone()));
                    report.tell(letter, again.unwrap_or_else(|| fine.clone()));
                }
            }
            return Ok(());
        }
        Err(RunError {
            name: "replay-overtaken",
            message: format!(
                "stage `{}` moves on so fast that letters cannot be stored between its commits",
                self.stage.id
            ),
            help: Some("try again, or stop the run meanwhile; what was replayed is stored".into()),
            origin: None,
            class: ErrorClass::OutOfReach,
        })
    }

    /// Where the stage stands in the partitions of these records: it must stand there still when they are stored.
    fn standing(&self, stored: &Stored, topic: u16, records: &[Record], wanted: &[usize]) -> Vec<Move> {
        let mut partitions: Vec<i32> =
            wanted.iter().filter_map(|it| records.get(*it)).map(|it| it.at.partition).collect();
        partitions.sort_unstable();
        partitions.dedup();
        let name = self.stage.topics.get(usize::from(topic)).and_then(|it| self.plan.topic(it));
        let name = name.map(|it| it.topic.as_str()).unwrap_or_default();
        let standing = partitions.into_iter().filter_map(|it| position(stored, name, it));
        let moved = standing.filter_map(|it| {
            let next = it.next?;
            Some(Move { topic, partition: it.partition, previous: next, next, generation: it.generation })
        });
        moved.collect()
    }

    fn settled(&self, way: &Way, record: &Record, bad: &[DeadLetter]) -> Settled {
        let again = bad.iter().filter(|it| it.at == record.at).map(|it| Again {
            node: it.node.clone(),
            step: it.step.clone(),
            place: it.place.clone(),
            name: it.bad.name.to_string(),
            reason: it.bad.reason.clone(),
            stale_key: it.stale_key,
        });
        Settled {
            at: record.at,
            topic_id: way.1.clone(),
            node: way.2.clone(),
            ordinals: record.letters.iter().map(|it| it.ordinal).collect(),
            again: again.collect(),
        }
    }

    fn store(&mut self, epoch: &Epoch) -> Result<Went, RunError> {
        if self.dry || epoch.settled.is_empty() {
            return Ok(Went::Done(Box::default()));
        }
        crash_points::here("replay-begin");
        match self.runtime.block_on(self.database.commit(epoch, &Gone)) {
            Ok(committed) => {
                crash_points::here("replay-stored");
                Ok(Went::Done(Box::new(committed)))
            }
            Err(DatabaseError::Fenced { .. }) => Ok(Went::Overtaken),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Those whose letters all lie there as they did; the others are told of.
    fn still_open(
        &mut self,
        way: &Way,
        records: &[Record],
        wanted: &[usize],
        report: &mut Report,
    ) -> Result<Vec<usize>, RunError> {
        let filter = LetterFilter {
            stage: Some(self.stage.id.clone()),
            node: Some(way.2.clone()),
            open: true,
            ..LetterFilter::default()
        };
        let now = self.runtime.block_on(self.database.dead_letters(&filter));
        let now = now.map_err(|error| self.fail(error))?;
        let id = |it: &StoredLetter| (it.topic.clone(), it.topic_id.clone(), it.partition, it.offset, it.ordinal);
        let now: std::collections::BTreeSet<_> = now.iter().map(id).collect();
        let mut open = Vec::new();
        for (index, record) in wanted.iter().filter_map(|it| Some((*it, records.get(*it)?))) {
            if record.letters.iter().all(|it| now.contains(&id(it))) {
                open.push(index);
            } else {
                record.letters.iter().for_each(|it| report.tell(it, Outcome::Elsewhere));
            }
        }
        Ok(open)
    }
}

/// Sends records through a core, and takes what came of them.
fn pass<'r>(core: &mut StageCore, records: impl Iterator<Item = &'r Record>) -> Result<Made, RunError> {
    let records: Vec<&Record> = records.collect();
    let mut positions = BTreeMap::new();
    for it in &records {
        positions.insert((it.at.topic, it.at.partition), i64::MIN);
    }
    let taken = core.take(records.iter().map(|it| it.again()), &mut positions, &|_, _, offset| offset);
    taken.map_err(|halt| halt.error)?;
    let epoch = core.close(vec![]);
    drop(core.take_counters());
    Ok(Made { chunks: epoch.chunks, bad: epoch.dead_letters })
}

/// The bytes are in the letters already.
struct Gone;

impl Originals for Gone {
    fn fetch(&self, _: RecordId) -> Result<Option<crate::record::Original>, String> {
        Ok(None)
    }
}
