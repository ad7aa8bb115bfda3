//! A stage of one or two sinks, made by hand, for the tests of databases.

pub mod history;
pub mod server;

use std::collections::HashMap;

use pipewright_expr::Datum;
use pipewright_plan::*;
use pipewright_runtime::record::{self, BadRecord, DeadLetter, RecordId};
use pipewright_runtime::sinks::{
    self, Acquired, AnyDatabase, Chunk, Committed, Database, DatabaseError, Epoch, Move, Originals, RowEncoder,
};

pub const TOPIC: &str = "orders";

pub fn field(name: &str, ty: Type) -> Field {
    Field::new(name, ty)
}

pub fn keep() -> BadRecordPolicy {
    BadRecordPolicy::DeadLetter { original: Original::Keep }
}

pub fn upsert(key: &[&str]) -> Write {
    Write::Upsert { key: key.iter().map(|it| it.to_string()).collect(), on_delete: OnDelete::Delete, version: None }
}

pub fn sink(name: &str, write: Write, fields: Vec<Field>) -> Sink {
    Sink {
        name: name.to_string(),
        from: vec!["orders".to_string()],
        connection: "warehouse".to_string(),
        table: name.to_string(),
        write,
        columns: Schema::new(fields),
        schema_mode: SchemaMode::Create,
        options: Options::new(),
        loaded_at: None,
        on_bad_record: keep(),
        doc: None,
        origin: Origin { file: 0, line: 12, column: 1, start: 0, end: 0 },
    }
}

pub fn orders(write: Write) -> Sink {
    sink("fact_orders", write, vec![field("id", Base::Int64.required()), field("status", Base::String.optional())])
}

/// A program with these sinks in one stage.
pub fn plan(kind: &str, sinks: Vec<Sink>) -> Plan {
    let guarantee = Guarantee { level: Delivery::ExactlyOnce, because: Vec::new() };
    Plan {
        version: PLAN_VERSION,
        pipeline: Pipeline {
            name: "shop".to_string(),
            delivery: Delivery::ExactlyOnce,
            on_bad_record: keep(),
            max_bad_ppm: 10_000,
            commit: Commit::default(),
            was: None,
            doc: None,
        },
        files: vec!["shop.pipe".to_string()],
        connections: vec![Connection {
            name: "warehouse".to_string(),
            kind: kind.to_string(),
            options: Options::new(),
            was: None,
            doc: None,
            origin: Origin::default(),
        }],
        sources: Vec::new(),
        topics: Vec::new(),
        transforms: Vec::new(),
        stages: vec![Stage {
            id: "orders-to-warehouse".to_string(),
            domain: "warehouse".to_string(),
            group: "shop.orders-to-warehouse".to_string(),
            topics: vec!["orders".to_string()],
            transforms: Vec::new(),
            sinks: sinks.iter().map(|sink| sink.name.clone()).collect(),
            guarantee,
            nondeterministic: Vec::new(),
        }],
        sinks,
        ingest: Vec::new(),
    }
}

pub fn open(kind: &str, options: &Options, sinks: Vec<Sink>) -> AnyDatabase {
    let mut plan = plan(kind, sinks);
    plan.connections[0].options = options.clone();
    sinks::open(&plan, &plan.stages[0], "instance-1").unwrap()
}

/// Original bytes: the offset as text.
pub struct Offsets;

impl Originals for Offsets {
    fn fetch(&self, at: RecordId) -> Result<Option<record::Original>, String> {
        Ok(Some(record::Original {
            key: None,
            value: Some(at.offset.to_string().into_bytes()),
            headers: vec![("h".to_string(), Some(b"v".to_vec()))],
            timestamp: Some(0),
        }))
    }
}

/// Drives one partition of one database.
pub struct Driver {
    pub database: AnyDatabase,
    pub acquired: Acquired,
    pub offset: i64,
    pub epoch: u64,
    pub encoders: Vec<Box<dyn RowEncoder>>,
    pub letters: Vec<DeadLetter>,
    pub cursors: HashMap<String, String>,
}

impl Driver {
    pub async fn start(mut database: AnyDatabase) -> Self {
        database.prepare().await.unwrap();
        let mut acquired = acquire(&mut database).await;
        if acquired.next.is_none() {
            acquired.next = Some(0);
            database.start_at(std::slice::from_ref(&acquired)).await.unwrap();
        }
        let encoders = database.encoders().unwrap();
        let offset = acquired.next.unwrap();
        Self { database, acquired, offset, epoch: 0, encoders, letters: Vec::new(), cursors: HashMap::new() }
    }

    fn next(&mut self) -> RecordId {
        self.offset += 1;
        RecordId { topic: 0, partition: 3, offset: self.offset - 1 }
    }

    pub fn put(&mut self, row: &[Datum<'_>]) -> Result<(), BadRecord> {
        let at = self.next();
        self.encoders[0].put(row, at)
    }

    pub fn put_into(&mut self, sink: usize, row: &[Datum<'_>]) -> Result<(), BadRecord> {
        let at = self.next();
        self.encoders[sink].put(row, at)
    }

    pub fn delete(&mut self, key: &[Datum<'_>]) {
        let at = self.next();
        self.encoders[0].delete(key, at).unwrap();
    }

    pub fn epoch(&mut self) -> Epoch {
        self.epoch += 1;
        Epoch {
            number: self.epoch,
            chunks: self.encoders.iter_mut().map(|it| it.take(Chunk::default())).collect(),
            dead_letters: std::mem::take(&mut self.letters),
            moves: vec![Move {
                topic: 0,
                partition: 3,
                previous: self.acquired.next.unwrap(),
                next: self.offset,
                generation: self.acquired.generation,
            }],
            cursors: self.cursors.drain().collect(),
            settled: vec![],
        }
    }

    pub async fn commit(&mut self) -> Result<Committed, DatabaseError> {
        let epoch = self.epoch();
        let outcome = self.database.commit(&epoch, &Offsets).await;
        if outcome.is_ok() {
            self.acquired.next = Some(self.offset);
        }
        outcome
    }
}

pub async fn acquire(database: &mut AnyDatabase) -> Acquired {
    database.acquire(&[(0, 3)], &[Some("topic-id".to_string())]).await.unwrap().remove(0)
}

pub fn configuration(error: &DatabaseError) -> (&'static str, String, String) {
    match error {
        DatabaseError::Configuration { name, message, help, .. } => {
            (name, message.clone(), help.clone().unwrap_or_default())
        }
        other => panic!("not a configuration error: {other:?}"),
    }
}

/// A dead letter of a step.
pub fn letter(offset: i64) -> DeadLetter {
    DeadLetter {
        at: RecordId { topic: 0, partition: 3, offset },
        ordinal: 0,
        original: Some(record::Original {
            key: Some(b"k".to_vec()),
            value: Some(vec![0, 0xff]),
            headers: Vec::new(),
            timestamp: Some(1_767_225_600_000_000),
        }),
        node: "orders".to_string(),
        step: None,
        place: "shop.pipe:4".to_string(),
        bad: BadRecord { name: "undecodable", reason: "not \0 JSON".to_string(), origin: None },
        stale_key: false,
    }
}
