//! Given rows to bytes: as a producer would write them, in the format, with the key, onto the partition.

use bumpalo::Bump;
use pipewright_expr::{Compiled, Layout, Row, compile};
use pipewright_plan::{Expr, Format, Literal, Meta, Partitioner, Schema, TestRow, TestRowKind, Topic, Type};

use super::memory::datum;
use crate::codecs::{self, Encoder};
use crate::connectors::kafka::{keys, partitioner};
use crate::report::{RunError, bug};

/// Writes rows of one topic or source.
pub(super) struct Writer {
    schema: Schema,
    encoder: Box<dyn Encoder>,
    key: Parts,
    partition_key: Parts,
    partitioner: Partitioner,
    /// Other clients write it, which may scatter a key that this program would not.
    others: bool,
}

/// A record as it would stand in Kafka, or in a file.
pub(super) struct Written {
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    /// `None`: it may go anywhere.
    pub(super) partition: Option<i32>,
}

#[derive(Default)]
struct Parts {
    compiled: Vec<Compiled>,
    types: Vec<Type>,
}

/// Cells are the fields of the schema.
struct ByPosition<'s>(&'s Schema);

impl Layout for ByPosition<'_> {
    fn column(&self, path: &[&str]) -> Option<usize> {
        match path {
            [name] => self.0.position(name),
            _ => None,
        }
    }

    fn meta(&self, _: &Meta) -> Option<usize> {
        None
    }
}

impl Parts {
    fn new(exprs: &[Expr], schema: &Schema) -> Result<Self, RunError> {
        let compiled = exprs.iter().map(|it| compile(it, &ByPosition(schema)));
        Ok(Self {
            compiled: compiled.collect::<Result<_, _>>().map_err(|error| bug(error.reason))?,
            types: exprs.iter().map(|it| it.ty.clone()).collect(),
        })
    }

    fn bytes(&self, row: &Row<'_>) -> Result<Option<Vec<u8>>, String> {
        if self.compiled.is_empty() {
            return Ok(None);
        }
        let mut values = Vec::with_capacity(self.compiled.len());
        for part in &self.compiled {
            values.push(part.eval(row).map_err(|error| error.reason)?);
        }
        let mut out = Vec::new();
        keys::encode(&values, &self.types, &mut out)?;
        Ok(Some(out))
    }
}

impl Writer {
    /// For a topic: with keys.
    pub(super) fn topic(topic: &Topic) -> Result<Self, RunError> {
        Ok(Self {
            key: Parts::new(&topic.key, &topic.schema)?,
            partition_key: Parts::new(&topic.partitioning.key, &topic.schema)?,
            partitioner: topic.partitioning.partitioner,
            others: !topic.owned(),
            ..Self::source(&topic.format, &topic.schema)?
        })
    }

    /// For a source: the records of a file.
    pub(super) fn source(format: &Format, schema: &Schema) -> Result<Self, RunError> {
        Ok(Self {
            schema: schema.clone(),
            encoder: codecs::encoder(format, schema).map_err(RunError::from)?,
            key: Parts::default(),
            partition_key: Parts::default(),
            partitioner: Partitioner::Murmur2,
            others: false,
        })
    }

    /// One row, or why the format cannot hold it.
    pub(super) fn write(&mut self, row: &TestRow, partitions: u32) -> Result<Written, String> {
        let (values, deleted) = match &row.kind {
            TestRowKind::Bytes(bytes) => {
                return Ok(Written { key: None, value: Some(bytes.clone()), partition: None });
            }
            TestRowKind::Value(values) => (values, false),
            TestRowKind::Delete(values) => (values, true),
        };
        let arena = Bump::new();
        let mut cells = Row::new(self.schema.fields.len(), &arena);
        for (at, field) in self.schema.fields.iter().enumerate() {
            let value = values.iter().find(|(name, _)| *name == field.name).map_or(&Literal::Null, |(_, it)| it);
            cells.set(at, datum(value));
        }
        let value = if deleted {
            None
        } else {
            let mut out = Vec::new();
            self.encoder.encode(&cells.cells, &mut out).map_err(|bad| bad.reason)?;
            Some(out)
        };
        let key = self.key.bytes(&cells).map_err(|why| format!("its key cannot be written: {why}"))?;
        let placed = self.partition_key.bytes(&cells).map_err(|why| format!("its partition key: {why}"))?;
        let placed = placed.filter(|it| !self.others || !partitioner::scatters(self.partitioner, it));
        let partition = partitioner::partition_of(self.partitioner, placed.as_deref(), partitions);
        Ok(Written { key, value, partition })
    }
}
