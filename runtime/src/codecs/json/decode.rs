//! The decoder: a scan, the checks of objects on the way to nested fields, one conversion per column.

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_plan::{Base, Field, Options, Schema, Type, TypedOptions};

use super::convert::leaf;
use super::nested::nested;
use super::scan::{Kind, Slot, scan};
use super::spec::{JsonOptions, Numbers};
use super::tree::Node;
use crate::codecs::absent::Absent;
use crate::codecs::problem::{FieldName, Misfit, shortened, undecodable};
use crate::codecs::{CodecError, ColumnRequest, Decoder, utf8};
use crate::record::BadRecord;

/// Reads JSON objects.
#[derive(Debug)]
pub struct JsonDecoder {
    tree: Node,
    slots: Vec<Slot>,
    /// A key with escapes, resolved.
    key: String,
    /// Outer ones first.
    parents: Vec<Parent>,
    columns: Vec<Column>,
    numbers: Numbers,
}

/// A record on the way to a nested field.
#[derive(Debug)]
struct Parent {
    slot: usize,
    above: Option<usize>,
    field: FieldName,
    ty: Type,
}

#[derive(Debug)]
struct Column {
    slot: usize,
    above: Option<usize>,
    field: FieldName,
    ty: Type,
    default: Option<Absent>,
}

impl JsonDecoder {
    /// A decoder of these columns.
    pub fn new(options: &Options, columns: &[ColumnRequest], schema: &Schema) -> Result<Self, CodecError> {
        let numbers = JsonOptions::decode(options)?.numbers();
        // Programs use fields in any order; writers mostly write them as they are declared, and the scanner expects that.
        let mut paths: Vec<&[String]> = columns.iter().map(|column| column.path.as_slice()).collect();
        paths.sort_by_cached_key(|path| declared_at(path, &schema.fields));
        let (tree, slots) = Node::compile(paths.into_iter());
        let mut parents: Vec<Parent> = Vec::new();
        let mut compiled = Vec::with_capacity(columns.len());
        for column in columns {
            let Some(slot) = tree.slot(&column.path) else { continue };
            let mut above = None;
            let mut fields: &[Field] = &schema.fields;
            let mut name = String::new();
            for depth in 1..column.path.len() {
                let path = column.path.get(..depth).unwrap_or_default();
                let (Some(slot), Some(key)) = (tree.slot(path), path.last()) else { break };
                let Some(field) = fields.iter().find(|field| field.wire_name() == key) else { break };
                name = if depth == 1 { field.name.clone() } else { format!("{name}.{}", field.name) };
                if !parents.iter().any(|parent| parent.slot == slot) {
                    let request = ColumnRequest {
                        path: path.to_vec(),
                        ty: field.ty.clone(),
                        name: name.clone(),
                        origin: column.origin,
                    };
                    let field_name = FieldName::new(&request, &schema.fields);
                    parents.push(Parent { slot, above, field: field_name, ty: field.ty.clone() });
                }
                above = Some(slot);
                fields = match &field.ty.base {
                    Base::Record(fields) => fields,
                    _ => &[],
                };
            }
            let field = FieldName::new(column, &schema.fields);
            let default = Absent::of(&column.path, &schema.fields);
            compiled.push(Column { slot, above, field, ty: column.ty.clone(), default });
        }
        let slots = vec![Slot::default(); slots];
        Ok(Self { tree, slots, key: String::new(), parents, columns: compiled, numbers })
    }

    fn slot(&self, at: usize) -> Slot {
        self.slots.get(at).copied().unwrap_or_default()
    }

    /// True if that object is not there, which its own check has allowed.
    fn absent(&self, above: Option<usize>) -> bool {
        above.is_some_and(|above| self.slot(above).kind != Kind::Object)
    }
}

/// Where a path stands in the declared order: the index of its field at each level.
fn declared_at(path: &[String], mut fields: &[Field]) -> Vec<usize> {
    let mut indices = Vec::with_capacity(path.len());
    for name in path {
        let index = fields.iter().position(|field| field.wire_name() == name);
        indices.push(index.unwrap_or(usize::MAX));
        fields = match index.and_then(|index| fields.get(index)).map(|field| &field.ty.base) {
            Some(Base::Record(fields)) => fields,
            _ => &[],
        };
    }
    indices
}

impl Decoder for JsonDecoder {
    fn decode<'b>(&mut self, payload: &'b [u8], arena: &'b Bump, cells: &mut [Datum<'b>]) -> Result<(), BadRecord> {
        let text = utf8(payload)?;
        if u32::try_from(text.len()).is_err() {
            return Err(undecodable("the value is larger than 4 GiB".to_string()));
        }
        let outermost =
            scan(text, &self.tree, &mut self.slots, &mut self.key).map_err(|malformed| malformed.explain(text))?;
        if outermost.kind != Kind::Object {
            let shown = shortened(outermost.verbatim(text));
            return Err(undecodable(format!("the value is {shown}, not a JSON object")));
        }
        for parent in &self.parents {
            let slot = self.slot(parent.slot);
            match slot.kind {
                Kind::Object => {}
                Kind::Missing | Kind::Null if parent.ty.nullable || self.absent(parent.above) => {}
                Kind::Missing => return Err(parent.field.missing("")),
                Kind::Null => return Err(parent.field.null("")),
                _ => return Err(parent.field.misfit("", slot.verbatim(text), &parent.ty, &Misfit::Kind)),
            }
        }
        for (column, cell) in self.columns.iter().zip(cells.iter_mut()) {
            let slot = self.slot(column.slot);
            let Column { field, ty, .. } = column;
            *cell = match slot.kind {
                Kind::Missing if column.default.is_some() && !self.absent(column.above) => {
                    let default = column.default.as_ref().and_then(|it| it.cell(arena));
                    default.ok_or_else(|| field.missing(""))?
                }
                Kind::Missing | Kind::Null if ty.nullable || self.absent(column.above) => Datum::Null,
                Kind::Missing => return Err(field.missing("")),
                Kind::Null => return Err(field.null("")),
                _ => match &ty.base {
                    Base::List(_) | Base::Map(_) | Base::Record(_) => {
                        Datum::Text(nested(slot, text, ty, field, self.numbers, arena)?)
                    }
                    base => leaf(slot, text, base, self.numbers, arena)
                        .map_err(|why| field.misfit("", slot.verbatim(text), ty, &why))?,
                },
            };
        }
        Ok(())
    }
}
