//! Given rows to bytes: as a producer would write them, in the format, with the key, onto the partition. A pasted record is
//! its own bytes; it is decoded here only to see its key.

use bumpalo::Bump;
use pipewright_expr::{Compiled, Layout, Row, compile};
use pipewright_plan::{Expr, Field, Format, Literal, Meta, Partitioner, Schema, TestRow, TestRowKind, Topic, Type};

use super::memory::{datum, literal};
use crate::codecs::{self, ColumnRequest, Decoder, Encoder};
use crate::connectors::kafka::{keys, partitioner};
use crate::report::{RunError, bug};

/// Writes rows of one topic or source.
pub(super) struct Writer {
    schema: Schema,
    encoder: Box<dyn Encoder>,
    /// Of all fields: what a pasted record holds says where it is placed.
    decoder: Box<dyn Decoder>,
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
    /// What a pasted record holds, for reports; nothing if it is bad.
    pub(super) read: Vec<(String, Literal)>,
}

impl Written {
    /// Bytes of which nobody knows what they hold.
    fn bytes(bytes: &[u8]) -> Self {
        Self { key: None, value: Some(bytes.to_vec()), partition: None, read: vec![] }
    }
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
        let column = |field: &Field| ColumnRequest {
            path: vec![field.wire_name().to_string()],
            ty: field.ty.clone(),
            name: field.name.clone(),
            origin: None,
        };
        let columns: Vec<_> = schema.fields.iter().map(column).collect();
        Ok(Self {
            schema: schema.clone(),
            encoder: codecs::encoder(format, schema).map_err(RunError::from)?,
            decoder: codecs::decoder(format, &columns, schema).map_err(RunError::from)?,
            key: Parts::default(),
            partition_key: Parts::default(),
            partitioner: Partitioner::Murmur2,
            others: false,
        })
    }

    /// One row, or why the format cannot hold it.
    pub(super) fn write(&mut self, row: &TestRow, partitions: u32) -> Result<Written, String> {
        let arena = Bump::new();
        let mut cells = Row::new(self.schema.fields.len(), &arena);
        let (values, deleted) = match &row.kind {
            TestRowKind::Bytes(bytes) => return Ok(Written::bytes(bytes)),
            TestRowKind::Pasted(text) => {
                return match self.decoder.decode(text, &arena, &mut cells.cells) {
                    Ok(()) => {
                        let fields = self.schema.fields.iter().zip(&cells.cells);
                        let read = fields.map(|(field, cell)| (field.name.clone(), literal(cell))).collect();
                        let placed = self.place(&cells, Some(text.clone()), partitions)?;
                        Ok(Written { read, ..placed })
                    }
                    // The run will say why, and where it was is no matter.
                    Err(_) => Ok(Written::bytes(text)),
                };
            }
            TestRowKind::Value(values) => (values, false),
            TestRowKind::Delete(values) => (values, true),
        };
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
        self.place(&cells, value, partitions)
    }

    /// The key and the partition of a record with these cells.
    fn place(&self, cells: &Row<'_>, value: Option<Vec<u8>>, partitions: u32) -> Result<Written, String> {
        let key = self.key.bytes(cells).map_err(|why| format!("its key cannot be written: {why}"))?;
        let placed = self.partition_key.bytes(cells).map_err(|why| format!("its partition key: {why}"))?;
        let placed = placed.filter(|it| !self.others || !partitioner::scatters(self.partitioner, it));
        let partition = partitioner::partition_of(self.partitioner, placed.as_deref(), partitions);
        Ok(Written { key, value, partition, read: vec![] })
    }
}
