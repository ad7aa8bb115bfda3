//! The world of a test: what lies in topics and sources, what stages have stored, and the clock. Who moves next is dealt by
//! the seed; [`World::settle`] lets everybody move until nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use pipewright_plan::{
    DEAD_LETTERS, Literal, Origin, Plan, Schema, TEST_START_US, Test, TestLineKind, TestRow, dead_letter_schema,
};

use super::compare::Found;
use super::given::Writer;
use super::outcome::{Failure, FailureKind, RowsDiffer};
use super::probes::Probes;
use super::source::SourcePlayer;
use super::stage::StagePlayer;
use super::trace::{self, GivenRow, Trace};
use super::{Schedule, probes};
use crate::engine::{Coverage, Reachable};
use crate::record::DeadLetter;
use crate::report::{RunError, bug};

/// A record in Kafka.
pub(super) struct Message {
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) timestamp: i64,
    /// The row it came from.
    pub(super) given: usize,
}

/// A topic.
#[derive(Default)]
pub(super) struct Log {
    pub(super) partitions: Vec<Vec<Message>>,
}

impl Log {
    pub(super) fn append(&mut self, partition: i32, message: Message) {
        let at = usize::try_from(partition).unwrap_or_default();
        if let Some(log) = self.partitions.get_mut(at) {
            log.push(message);
        }
    }

    pub(super) fn get(&self, partition: i32, offset: i64) -> Option<&Message> {
        self.partitions.get(usize::try_from(partition).ok()?)?.get(usize::try_from(offset).ok()?)
    }
}

/// Everything there is.
pub(super) struct World {
    pub(super) clock: i64,
    plan: Plan,
    random: Rng,
    /// By topic of the plan.
    logs: Vec<Log>,
    /// By source: bytes, and the row they came from.
    records: BTreeMap<String, Vec<(Vec<u8>, usize)>>,
    sources: Vec<SourcePlayer>,
    stages: Vec<StagePlayer>,
    writers: BTreeMap<String, Writer>,
    /// Counts `given` lines: a batch without a key goes to one partition, as producers do it.
    batches: u32,
    given: Vec<GivenRow>,
    trace: Trace,
}

/// Who can move.
enum Move {
    Read { source: usize },
    Publish { source: usize },
    Take { stage: usize, lane: usize, topic: u16, partition: i32 },
    Commit { stage: usize, lane: usize },
}

impl World {
    pub(super) fn new(probes: &Probes, tests: &[Test], coverage: &Coverage) -> Result<Self, RunError> {
        let plan = &probes.plan;
        let counts: Vec<u32> = plan.topics.iter().map(|it| partitions(it, tests)).collect();
        let logs = counts.iter().map(|count| Log { partitions: (0..*count).map(|_| vec![]).collect() }).collect();
        let mut world = Self {
            clock: TEST_START_US,
            plan: plan.clone(),
            random: Rng::with_seed(0),
            logs,
            records: plan.sources.iter().map(|it| (it.name.clone(), vec![])).collect(),
            sources: vec![],
            stages: vec![],
            writers: BTreeMap::new(),
            batches: 0,
            given: vec![],
            trace: Trace::default(),
        };
        let topic = |name: &str| {
            let at = plan.topics.iter().position(|it| it.name == name)?;
            Some((at, i32::try_from(*counts.get(at)?).unwrap_or(1)))
        };
        for source in &plan.sources {
            let fed: Vec<_> = plan.ingest.iter().filter(|it| it.source == source.name).collect();
            let (silent, real): (Vec<_>, Vec<_>) = fed.into_iter().partition(|it| probes.silent.contains(&it.topic));
            let real: Vec<_> = real.iter().filter_map(|it| topic(&it.topic)).collect();
            if !real.is_empty() {
                world.sources.push(SourcePlayer::new(plan, &source.name, &real, false, coverage)?);
            }
            for probe in silent.iter().filter_map(|it| topic(&it.topic)) {
                world.sources.push(SourcePlayer::new(plan, &source.name, &[probe], true, coverage)?);
            }
        }
        for stage in &plan.stages {
            world.stages.push(StagePlayer::new(plan, stage, probes.silent.contains(&stage.id), coverage)?);
        }
        Ok(world)
    }

    /// An empty world, with the stages that this test looks at.
    pub(super) fn begin(&mut self, test: &Test, schedule: Schedule) {
        self.clock = TEST_START_US;
        self.random = Rng::with_seed(schedule.seed);
        self.logs.iter_mut().flat_map(|it| &mut it.partitions).for_each(Vec::clear);
        self.records.values_mut().for_each(Vec::clear);
        self.batches = 0;
        self.given.clear();
        self.trace.clear();
        let wanted: BTreeSet<String> = test
            .lines
            .iter()
            .filter_map(|line| match &line.kind {
                TestLineKind::Expect { node, .. } => Some(format!("expect {node}")),
                _ => None,
            })
            .collect();
        for stage in &mut self.stages {
            stage.active = !stage.silent || wanted.contains(&stage.stage.id);
            stage.begin();
        }
        self.sources.iter_mut().for_each(SourcePlayer::begin);
        self.start();
    }

    fn start(&mut self) {
        let Self { stages, logs, random, .. } = self;
        for stage in stages.iter_mut() {
            let spread = random.bool();
            stage.start(logs, || if spread { random.usize(..super::stage::LANES) } else { 0 });
        }
    }

    /// Given rows come to lie in their topic or source. Rows that cannot be written are failures.
    pub(super) fn give(&mut self, plan: &Plan, node: &str, partition: Option<u32>, rows: &[TestRow]) -> Vec<Failure> {
        let mut failures = Vec::new();
        let at = plan.topics.iter().position(|it| it.name == node);
        self.batches = self.batches.wrapping_add(1);
        for row in rows {
            let written = self.write(plan, node, at, row);
            let written = match written {
                Ok(written) => written,
                Err(reason) => {
                    failures.push(Failure { origin: row.origin, kind: FailureKind::NotWritten { reason } });
                    continue;
                }
            };
            let given = self.given.len();
            self.given.push(GivenRow::new(plan, node, row, &written.read));
            match at.and_then(|at| self.logs.get_mut(at)) {
                Some(log) => {
                    let count = u32::try_from(log.partitions.len()).unwrap_or(1).max(1);
                    let dealt = || i32::try_from(self.batches.wrapping_sub(1) % count).unwrap_or_default();
                    let wanted = partition.and_then(|it| i32::try_from(it).ok());
                    let to = wanted.or(written.partition).unwrap_or_else(dealt);
                    let (key, value) = (written.key, written.value);
                    log.append(to, Message { key, value, timestamp: self.clock, given });
                }
                None => {
                    if let Some(records) = self.records.get_mut(node) {
                        records.push((written.value.unwrap_or_default(), given));
                    }
                }
            }
        }
        failures
    }

    fn write(
        &mut self,
        plan: &Plan,
        node: &str,
        topic: Option<usize>,
        row: &TestRow,
    ) -> Result<super::given::Written, String> {
        if !self.writers.contains_key(node) {
            let writer = match (topic.and_then(|it| plan.topics.get(it)), plan.source(node)) {
                (Some(topic), _) => Writer::topic(topic),
                (None, Some(source)) => Writer::source(&source.format, &source.schema),
                (None, None) => Err(bug(format!("`{node}` is neither a topic nor a source"))),
            };
            self.writers.insert(node.to_string(), writer.map_err(|error| error.message)?);
        }
        let count = topic.and_then(|at| self.logs.get(at)).map_or(1, |it| it.partitions.len());
        match self.writers.get_mut(node) {
            Some(writer) => writer.write(row, u32::try_from(count).unwrap_or(1)),
            None => Err("there is no writer".to_string()),
        }
    }

    /// Some moves, as chance will have it.
    pub(super) fn stir(&mut self) {
        for _ in 0..self.random.usize(..12) {
            if !self.step() {
                return;
            }
        }
    }

    /// Everything given is read, and everything read is committed.
    pub(super) fn settle(&mut self) {
        while self.step() {}
    }

    /// The process dies at some moment and starts again.
    pub(super) fn crash(&mut self) {
        self.stir();
        self.sources.iter_mut().for_each(SourcePlayer::crash);
        self.start();
    }

    /// Somebody moves; false: nobody can.
    fn step(&mut self) -> bool {
        let mut moves = Vec::new();
        for (source, player) in self.sources.iter().enumerate() {
            let records = self.records.get(&player.name).map_or(0, Vec::len);
            if player.can_take(records) {
                moves.push(Move::Read { source });
            }
            if player.can_commit() {
                moves.push(Move::Publish { source });
            }
        }
        let mut readable = Vec::new();
        for (stage, player) in self.stages.iter().enumerate() {
            readable.clear();
            player.readable(&self.logs, &mut readable);
            let takes = readable.iter().map(|(lane, topic, partition)| Move::Take {
                stage,
                lane: *lane,
                topic: *topic,
                partition: *partition,
            });
            moves.extend(takes);
            moves.extend(player.committable().map(|lane| Move::Commit { stage, lane }));
        }
        if moves.is_empty() {
            return false;
        }
        let chosen = self.random.usize(..moves.len());
        if let Some(chosen) = moves.get(chosen) {
            self.play(chosen);
        }
        true
    }

    fn play(&mut self, chosen: &Move) {
        match *chosen {
            Move::Read { source } => {
                let Some(player) = self.sources.get_mut(source) else { return };
                let records = self.records.get(&player.name).map(Vec::as_slice).unwrap_or_default();
                if let Some((given, fell)) = player.take(records, self.clock) {
                    fell.into_iter().for_each(|step| self.trace.fell(given, step));
                }
            }
            Move::Publish { source } => {
                if let Some(player) = self.sources.get_mut(source) {
                    player.commit(&mut self.logs);
                }
            }
            Move::Take { stage, lane, topic, partition } => {
                let Some(player) = self.stages.get_mut(stage) else { return };
                if let Some(fate) = player.take(&self.logs, lane, topic, partition, self.clock) {
                    let given = fate.given;
                    fate.fell.into_iter().for_each(|step| self.trace.fell(given, step));
                    if fate.deleted {
                        player.stage.sinks.iter().for_each(|sink| self.trace.deleted(given, sink));
                    }
                }
            }
            Move::Commit { stage, lane } => {
                if let Some(player) = self.stages.get_mut(stage) {
                    player.commit(&self.plan, lane, self.clock);
                }
            }
        }
    }

    /// The rows of a node as they stand.
    pub(super) fn rows_of(&self, probes: &Probes, node: &str) -> Found {
        if node == DEAD_LETTERS {
            let letters = self.letters();
            let rows = letters
                .iter()
                .map(|(input, letter, _)| letter_row(input, probes.plan.topic(input).is_some(), letter))
                .collect();
            return Found { schema: dead_letter_schema().clone(), rows, order_by: vec![] };
        }
        let sink = probes.sinks.get(node).and_then(|it| probes.plan.sink(it));
        let Some(sink) = sink else { return Found { schema: Schema::default(), rows: vec![], order_by: vec![] } };
        let stage = self.stages.iter().find(|it| it.stage.sinks.contains(&sink.name));
        let table = stage.and_then(|it| {
            let at = it.stage.sinks.iter().position(|name| *name == sink.name)?;
            it.store.tables.get(at)
        });
        let order_by = match &sink.write {
            pipewright_plan::Write::Append => probes.order_fields(node),
            pipewright_plan::Write::Upsert { .. } => vec![],
        };
        Found { schema: sink.stored_columns(), rows: table.map(|it| it.rows()).unwrap_or_default(), order_by }
    }

    /// Dead letters with the name of what they were read from, and the row they were.
    fn letters(&self) -> Vec<(String, &DeadLetter, usize)> {
        let mut all = Vec::new();
        for source in self.sources.iter().filter(|it| !it.silent) {
            let records = self.records.get(&source.name).map(Vec::as_slice).unwrap_or_default();
            for letter in &source.letters {
                let at = usize::try_from(letter.at.offset).ok().and_then(|at| records.get(at));
                all.push((source.name.clone(), letter, at.map_or(usize::MAX, |(_, given)| *given)));
            }
        }
        for stage in self.stages.iter().filter(|it| !it.silent) {
            for letter in &stage.store.letters {
                let topic = usize::from(letter.at.topic);
                let log = stage.topics.get(topic).and_then(|at| self.logs.get(*at));
                let message = log.and_then(|it| it.get(letter.at.partition, letter.at.offset));
                let name = stage.stage.topics.get(topic).cloned().unwrap_or_default();
                all.push((name, letter, message.map_or(usize::MAX, |it| it.given)));
            }
        }
        all.sort_by_key(|(input, letter, given)| (*given, input.clone(), letter.node.clone(), letter.ordinal));
        all
    }

    /// Adds where the given records went that could have been the missing rows.
    pub(super) fn explain(&self, probes: &Probes, mut differ: RowsDiffer, rows: &[TestRow]) -> RowsDiffer {
        let letters: Vec<_> = self.letters().into_iter().map(|(_, letter, given)| (letter, given)).collect();
        let (topics, sources) = match differ.node.as_str() {
            DEAD_LETTERS => return differ,
            node => probes::upstream(&probes.plan, node),
        };
        // What feeds the topics counts as well.
        let mut inputs: BTreeSet<String> = topics.iter().chain(&sources).cloned().collect();
        inputs.extend(probes.plan.ingest.iter().filter(|it| topics.contains(&it.topic)).map(|it| it.source.clone()));
        differ.because = trace::explain(&probes.plan, &differ, rows, &self.given, &self.trace, &letters, &inputs);
        differ
    }

    /// Stages and sources that have stopped.
    pub(super) fn halts(&self, test: &Test) -> Vec<Failure> {
        let sources = self.sources.iter().filter(|it| !it.silent).filter_map(|it| it.halted.as_ref());
        let stages = self.stages.iter().filter(|it| !it.silent).filter_map(|it| it.halted.as_ref());
        sources
            .chain(stages)
            .map(|error| Failure { origin: test.origin, kind: FailureKind::Stopped { message: error.message.clone() } })
            .collect()
    }

    /// For every place where records come in from outside: was one of them bad?
    pub(super) fn policies(&self, plan: &Plan) -> Vec<Reachable> {
        let mut met: BTreeMap<&str, (Origin, bool)> = BTreeMap::new();
        for source in self.sources.iter().filter(|it| !it.silent) {
            if let Some((origin, _)) = SourcePlayer::policy(plan, &source.name) {
                met.insert(&source.name, (origin, source.met_bad));
            }
        }
        for stage in self.stages.iter().filter(|it| !it.silent) {
            for (name, bad) in stage.stage.topics.iter().zip(&stage.met_bad) {
                if let Some(topic) = plan.topic(name).filter(|it| !it.owned()) {
                    met.entry(name).or_insert((topic.origin, false)).1 |= bad;
                }
            }
        }
        let what = |name: &str| format!("`{name}` brings a bad record");
        met.into_iter().map(|(name, (origin, reached))| Reachable { origin, what: what(name), reached }).collect()
    }
}

/// How many partitions a topic has: as it says, else as many as the tests name.
fn partitions(topic: &pipewright_plan::Topic, tests: &[Test]) -> u32 {
    if let Some(count) = topic.partitioning.count {
        return count.max(1);
    }
    let named = tests.iter().flat_map(|it| &it.lines).filter_map(|line| match &line.kind {
        TestLineKind::Given { node, partition: Some(partition), .. } if *node == topic.name => Some(*partition),
        _ => None,
    });
    // Nobody gives rows to more partitions than a test can name by hand.
    named.max().unwrap_or_default().saturating_add(1).min(1_000)
}

fn letter_row(input: &str, of_topic: bool, letter: &DeadLetter) -> Vec<Literal> {
    let text = |it: &str| Literal::Text(it.to_string());
    let bytes = |it: Option<&Vec<u8>>| it.map_or(Literal::Null, |it| text(&String::from_utf8_lossy(it)));
    let original = letter.original.as_ref();
    vec![
        text(letter.bad.name),
        text(&letter.bad.reason),
        text(&letter.node),
        letter.step.as_deref().map_or(Literal::Null, text),
        text(input),
        if of_topic { Literal::Int(letter.at.partition.into()) } else { Literal::Null },
        bytes(original.and_then(|it| it.key.as_ref())),
        bytes(original.and_then(|it| it.value.as_ref())),
        Literal::Bool(letter.stale_key),
    ]
}
