//! Lists, maps and records as compact JSON text, checked and rewritten by their type: numbers, times and strings in one
//! spelling, the fields of a record in declared order under their names in programs (unknown ones left out), the keys of a
//! map sorted (the last of equal ones wins); absent ones have their default. So equal values are equal texts.
//!
//! The same walk turns that text back into names on the wire. Depth was bounded by the scanner.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use pipewright_expr::convert::{Out, write_json_string};
use pipewright_plan::{Base, Field, Type};

use super::convert::{leaf, string};
use super::encode::write_json;
use super::problem::{Malformed, What};
use super::scan::{Kind, MOST_LEVELS, Slot, colon, more, value};
use super::spec::Numbers;
use super::text::string_end;
use crate::codecs::problem::{FieldName, Misfit};
use crate::record::BadRecord;

/// Which names the keys of records have in the text that is read; the other ones are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// From the wire to the program.
    OnTheWire,
    /// From the program to the wire.
    InProgram,
}

impl Names {
    fn read(self, field: &Field) -> &str {
        if self == Names::OnTheWire { field.wire_name() } else { &field.name }
    }

    fn written(self, field: &Field) -> &str {
        if self == Names::OnTheWire { &field.name } else { field.wire_name() }
    }
}

/// What is wrong, and where inside the value: `[2].sku`, built from the inside out.
struct Fault {
    inside: String,
    what: Wrong,
}

enum Wrong {
    Missing,
    Null,
    Misfit { shown: String, ty: Type, why: Misfit },
}

impl Fault {
    fn boxed(what: Wrong) -> Box<Self> {
        Box::new(Self { inside: String::new(), what })
    }

    fn under(mut self: Box<Self>, step: impl FnOnce() -> String) -> Box<Self> {
        self.inside.insert_str(0, &step());
        self
    }
}

/// Cannot happen to text that the scanner accepted.
impl From<Malformed> for Box<Fault> {
    fn from(_: Malformed) -> Self {
        Fault::boxed(Wrong::Misfit { shown: String::new(), ty: Base::Json.required(), why: Misfit::Kind })
    }
}

/// The text of a slot that holds a list, map or record.
pub(super) fn nested<'b>(
    slot: Slot,
    payload: &'b str,
    ty: &Type,
    field: &FieldName,
    numbers: Numbers,
    arena: &'b Bump,
) -> Result<&'b str, BadRecord> {
    rewrite(slot.verbatim(payload), ty, field, Names::OnTheWire, numbers, arena)
}

/// A list, map or record as JSON text, read with one set of names and written with the other.
pub(super) fn rewrite<'b>(
    json: &'b str,
    ty: &Type,
    field: &FieldName,
    names: Names,
    numbers: Numbers,
    arena: &'b Bump,
) -> Result<&'b str, BadRecord> {
    let (read, written) = match names {
        Names::OnTheWire => (numbers, Numbers::Plain),
        Names::InProgram => (Numbers::Plain, numbers),
    };
    let mut walk = Walk { json, arena, names, read, written, out: ArenaVec::with_capacity_in(json.len(), arena) };
    match walk.value(0, ty) {
        Ok(_) => Ok(std::str::from_utf8(walk.out.into_bump_slice()).unwrap_or_default()),
        Err(fault) => Err(match fault.what {
            Wrong::Missing => field.missing(&fault.inside),
            Wrong::Null => field.null(&fault.inside),
            Wrong::Misfit { shown, ty, why } => field.misfit(&fault.inside, &shown, &ty, &why),
        }),
    }
}

struct Walk<'b> {
    json: &'b str,
    arena: &'b Bump,
    names: Names,
    /// How numbers stand in the text that is read, and in the one that is written.
    read: Numbers,
    written: Numbers,
    out: ArenaVec<'b, u8>,
}

/// An entry of an object: its key, and where its value starts.
struct Entry<'b> {
    key: &'b str,
    value: usize,
}

impl<'b> Walk<'b> {
    /// Writes the value that starts at `at`; gives where the text goes on.
    fn value(&mut self, at: usize, ty: &Type) -> Result<usize, Box<Fault>> {
        let bytes = self.json.as_bytes();
        match (&ty.base, bytes.get(at)) {
            (Base::List(element), Some(b'[')) => return self.list(at, element),
            (Base::Map(element), Some(b'{')) => return self.map(at, element),
            (Base::Record(fields), Some(b'{')) => return self.record(at, fields),
            _ => {}
        }
        let (slot, end) = value(bytes, at, MOST_LEVELS)?;
        if slot.kind == Kind::Null && ty.base != Base::Json {
            if !ty.nullable {
                return Err(Fault::boxed(Wrong::Null));
            }
            self.out.put(b"null");
            return Ok(end);
        }
        if slot.kind == Kind::Null && !ty.nullable {
            return Err(Fault::boxed(Wrong::Null));
        }
        let misfit =
            |why| Fault::boxed(Wrong::Misfit { shown: slot.verbatim(self.json).to_string(), ty: ty.clone(), why });
        let datum = leaf(slot, self.json, &ty.base, self.read, self.arena).map_err(misfit)?;
        write_json(datum, &ty.base, self.written, &mut self.out);
        Ok(end)
    }

    fn list(&mut self, at: usize, element: &Type) -> Result<usize, Box<Fault>> {
        let bytes = self.json.as_bytes();
        self.out.put(b"[");
        let mut at = super::scan::space(bytes, at + 1);
        let mut count = 0usize;
        if bytes.get(at) != Some(&b']') {
            loop {
                if count > 0 {
                    self.out.put(b",");
                }
                at = self.value(at, element).map_err(|fault| fault.under(|| format!("[{count}]")))?;
                count += 1;
                match more(bytes, at, b']', What::ArrayEnd)? {
                    (true, next) => at = next,
                    (false, end) => {
                        at = end;
                        break;
                    }
                }
            }
        } else {
            at += 1;
        }
        self.out.put(b"]");
        Ok(at)
    }

    /// Calls for each entry of the object at `at`; gives where the text goes on.
    fn entries(&self, at: usize, mut each: impl FnMut(Entry<'b>)) -> Result<usize, Box<Fault>> {
        let bytes = self.json.as_bytes();
        let mut at = super::scan::space(bytes, at + 1);
        if bytes.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        loop {
            let (end, escaped) = string_end(bytes, at + 1)?;
            let kind = if escaped { Kind::Escaped } else { Kind::Text };
            let slot = Slot { start: at as u32 + 1, end: end as u32, kind };
            let key = string(slot, self.json, self.arena).unwrap_or_default();
            at = colon(bytes, end + 1)?;
            each(Entry { key, value: at });
            at = value(bytes, at, MOST_LEVELS)?.1;
            match more(bytes, at, b'}', What::ObjectEnd)? {
                (true, next) => at = next,
                (false, end) => return Ok(end),
            }
        }
    }

    fn map(&mut self, at: usize, element: &Type) -> Result<usize, Box<Fault>> {
        let mut entries = ArenaVec::new_in(self.arena);
        let end = self.entries(at, |entry| entries.push(entry))?;
        entries.sort_unstable_by(|a, b| a.key.cmp(b.key).then(a.value.cmp(&b.value)));
        self.out.put(b"{");
        let mut first = true;
        let mut entries = entries.iter().peekable();
        while let Some(entry) = entries.next() {
            if entries.peek().is_some_and(|next| next.key == entry.key) {
                continue;
            }
            if !first {
                self.out.put(b",");
            }
            first = false;
            write_json_string(entry.key, &mut self.out);
            self.out.put(b":");
            self.value(entry.value, element).map_err(|fault| fault.under(|| format!("[{:?}]", entry.key)))?;
        }
        self.out.put(b"}");
        Ok(end)
    }

    fn record(&mut self, at: usize, fields: &[Field]) -> Result<usize, Box<Fault>> {
        let values = self.arena.alloc_slice_fill_copy(fields.len(), None::<usize>);
        let names = self.names;
        let end = self.entries(at, |entry| {
            if let Some(place) = fields.iter().position(|field| names.read(field) == entry.key)
                && let Some(place) = values.get_mut(place)
            {
                *place = Some(entry.value);
            }
        })?;
        self.out.put(b"{");
        for (count, (field, at)) in fields.iter().zip(values.iter()).enumerate() {
            if count > 0 {
                self.out.put(b",");
            }
            write_json_string(names.written(field), &mut self.out);
            self.out.put(b":");
            let under = |fault: Box<Fault>| fault.under(|| format!(".{}", field.name));
            match at {
                Some(at) => {
                    self.value(*at, &field.ty).map_err(under)?;
                }
                None if field.default.is_some() && names == Names::OnTheWire => {
                    self.out.put(field.default.as_deref().unwrap_or_default().as_bytes());
                }
                None if field.ty.nullable => self.out.put(b"null"),
                None => return Err(under(Fault::boxed(Wrong::Missing))),
            }
        }
        self.out.put(b"}");
        Ok(end)
    }
}

/// True if a number is in a list, map or record.
pub(super) fn has_numbers(ty: &Type) -> bool {
    match &ty.base {
        Base::Int32 | Base::Int64 | Base::Float64 | Base::Decimal { .. } => true,
        Base::Record(fields) => fields.iter().any(|field| has_numbers(&field.ty)),
        Base::List(element) | Base::Map(element) => has_numbers(element),
        _ => false,
    }
}

/// True if a record in it has a field with another name on the wire.
pub(super) fn renames(ty: &Type) -> bool {
    match &ty.base {
        Base::Record(fields) => fields.iter().any(|field| field.wire_name() != field.name || renames(&field.ty)),
        Base::List(element) | Base::Map(element) => renames(element),
        _ => false,
    }
}
