//! The value of a field that a record does not have: what the type gives after its `=`.
//!
//! Knows no format: what counts as absent is the decoder's to say. Null is a value, so it never becomes a default.

use bumpalo::Bump;
use pipewright_expr::Datum;
use pipewright_expr::nested::read_json;
use pipewright_plan::{Base, Field};

/// What stands in for a field that is not there.
#[derive(Clone, Debug)]
pub(crate) struct Absent {
    json: Box<str>,
    base: Base,
}

impl Absent {
    /// The default of the field at this path (names on the wire), if it has one.
    pub fn of(path: &[String], mut fields: &[Field]) -> Option<Self> {
        let (last, above) = path.split_last()?;
        for name in above {
            fields = match &fields.iter().find(|field| field.wire_name() == name)?.ty.base {
                Base::Record(fields) => fields,
                _ => return None,
            };
        }
        let field = fields.iter().find(|field| field.wire_name() == last)?;
        let json = field.default.as_deref()?.into();
        Some(Self { json, base: field.ty.base.clone() })
    }

    /// The default. `None`: the plan has been changed by hand, and it is no value of its type.
    #[cold]
    pub fn cell<'b>(&self, arena: &'b Bump) -> Option<Datum<'b>> {
        read_json(arena.alloc_str(&self.json), &self.base, arena).ok()
    }
}
