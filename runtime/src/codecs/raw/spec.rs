//! What the language may say of raw lines.

use pipewright_plan::{Base, CodecSpec, Field, Schema, Type};

/// The name of the one field.
pub const LINE: &str = "line";

/// Raw lines.
pub const SPEC: CodecSpec = CodecSpec {
    name: "raw",
    doc: "The record is its text, in UTF-8: one field `line: string`. In files, one record per line.",
    options: &[],
    reads: text,
    writes: text,
    pasted: false,
    fixed_schema: Some(|| Schema::new(vec![Field::new(LINE, Base::String.required())])),
    validate: |_| Vec::new(),
};

fn text(ty: &Type) -> Result<(), String> {
    match (&ty.base, ty.nullable) {
        (Base::String, false) | (Base::Unknown, _) => Ok(()),
        _ => Err(format!("a raw record is one field `{LINE}: string`, not a `{ty}`; use `format = json`")),
    }
}
