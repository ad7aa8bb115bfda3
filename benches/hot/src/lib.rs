//! What happens to every record of the reference job between the Kafka client and the database: decode, steps, encode.
//!
//! Compiles `benches/reference.pipe` as `run` does and takes orders through it in batches, as a lane does. Knows no server
//! and no clock, so that instructions and allocations can be counted and come out the same each time.

use anyhow::Context;
use bumpalo::Bump;
use pipewright_compiler::environment::Environment;
use pipewright_compiler::registry::Registry;
use pipewright_compiler::source::Loader;
use pipewright_expr::{Datum, Row};
use pipewright_plan::{Plan, Schema, Topic};
use pipewright_runtime::codecs::{self, ColumnRequest, Decoder};
use pipewright_runtime::connectors::postgres;
use pipewright_runtime::engine::{Counters, Incoming, Input, Numbering, Output, Segment, Target, Values, build};
use pipewright_runtime::record::{BadRecord, DeadLetter, Original, RecordId};
use pipewright_runtime::sinks::{Chunk, RowEncoder};

pub mod orders;

/// How many records a lane takes at once.
const BATCH: usize = 1_000;
/// After so many records the rows are handed over.
const EPOCH: u64 = 10_000;

/// How far records are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The used columns are found and converted.
    Decode,
    /// And the steps are run; rows are dropped.
    Steps,
    /// And rows are encoded for `COPY`.
    Encode,
}

struct Program;

impl Loader for Program {
    fn load(&self, _: &str) -> Result<Vec<u8>, String> {
        let text = include_str!("../../reference.pipe");
        let text = text.replace("PROGRAM_NAME", "hot").replace("TOPIC_NAME", "orders").replace("PARTITIONS", "12");
        Ok(text.into_bytes())
    }
}

/// The compiled job.
pub struct HotPath {
    depth: Depth,
    requests: usize,
    decoder: Box<dyn Decoder>,
    segment: Segment,
    counters: Counters,
    rows: Rows,
    arena: Bump,
    recycled: Chunk,
    taken: u64,
}

struct Rows {
    encoder: Box<dyn RowEncoder>,
    encodes: bool,
    put: u64,
    bad: u64,
}

impl Output for Rows {
    fn put(&mut self, _: usize, values: &Values<'_, '_>, at: RecordId) -> Result<(), BadRecord> {
        self.put += 1;
        if self.encodes { self.encoder.put(values.columns, at) } else { Ok(()) }
    }

    fn delete(&mut self, _: usize, values: &Values<'_, '_>, at: RecordId) -> Result<(), BadRecord> {
        self.encoder.delete(values.key, at)
    }

    fn dead_letter(&mut self, _: DeadLetter) {
        self.bad += 1;
    }
}

impl HotPath {
    /// Compiles the job.
    pub fn new(depth: Depth) -> anyhow::Result<Self> {
        let registry = Registry {
            connectors: pipewright_runtime::connectors::SPECS,
            codecs: codecs::SPECS,
            functions: pipewright_expr::functions::ALL,
        };
        let compilation = pipewright_compiler::compile("reference.pipe", &Environment::default(), &Program, &registry);
        let errors: Vec<_> = compilation.diagnostics.iter().map(|it| it.message.clone()).collect();
        let plan: Plan = compilation.plan.with_context(|| errors.join("; "))?;
        let topic: &Topic = plan.topics.first().context("no topic")?;
        let sink = plan.sinks.first().context("no sink")?;
        let used = std::cell::RefCell::new((Vec::new(), Schema::new(vec![])));
        let decoder = |columns: &[ColumnRequest]| {
            *used.borrow_mut() = (columns.to_vec(), topic.schema.clone());
            codecs::decoder(&topic.format, columns, &topic.schema)
        };
        let mut numbering = Numbering::default();
        let segment = build(&plan, Input::Topic(topic), &[Target::Sink(sink)], &mut numbering, &decoder)?;
        let (columns, schema) = used.into_inner();
        Ok(Self {
            depth,
            requests: columns.len(),
            decoder: codecs::decoder(&topic.format, &columns, &schema)?,
            segment,
            counters: Counters::new(numbering.steps.len(), numbering.taps.len()),
            rows: Rows { encoder: postgres::encoder(sink), encodes: depth == Depth::Encode, put: 0, bad: 0 },
            arena: Bump::new(),
            recycled: Chunk::default(),
            taken: 0,
        })
    }

    /// Takes records in, batch by batch. Gives how many rows came out so far.
    pub fn take(&mut self, payloads: &[String]) -> anyhow::Result<u64> {
        for batch in payloads.chunks(BATCH) {
            let mut arena = std::mem::take(&mut self.arena);
            let result = self.batch(batch, &arena);
            arena.reset();
            self.arena = arena;
            result?;
        }
        anyhow::ensure!(self.rows.bad == 0, "{} records were bad", self.rows.bad);
        Ok(self.rows.put)
    }

    fn batch(&mut self, batch: &[String], arena: &Bump) -> anyhow::Result<()> {
        let mut row = Row::new(self.segment.cells(), arena);
        let mut scratch: Vec<Datum<'_>> = Vec::new();
        for payload in batch {
            self.taken += 1;
            if self.depth == Depth::Decode {
                let cells = row.cells.get_mut(..self.requests).unwrap_or_default();
                let decoded = self.decoder.decode(payload.as_bytes(), arena, cells);
                decoded.map_err(|bad| anyhow::anyhow!(bad.reason))?;
                continue;
            }
            let offset = i64::try_from(self.taken)?;
            let record = Incoming {
                at: RecordId { topic: 0, partition: 0, offset },
                key: None,
                value: Some(payload.as_bytes()),
                timestamp: None,
                header: &|_| None,
                torn: None,
                original: &Original::default,
            };
            self.segment.process(&record, &mut row, &mut scratch, &mut self.counters, &mut self.rows);
            if self.taken.is_multiple_of(EPOCH) {
                self.recycled = self.rows.encoder.take(std::mem::take(&mut self.recycled));
            }
        }
        Ok(())
    }
}

/// So many orders.
pub fn payloads(count: u64) -> Vec<String> {
    let mut numbers = orders::Numbers::default();
    let mut text = String::new();
    let make = |i| {
        orders::order(i, &mut numbers, &mut text);
        text.clone()
    };
    (0..count).map(make).collect()
}
