//! What the language may say of JSON.

use pipewright_plan::{Base, CodecSpec, Type};

/// JSON.
pub const SPEC: CodecSpec = CodecSpec {
    name: "json",
    doc: "One JSON object per record; in files, one per line. Numbers are read exactly, timestamps are ISO 8601 text, bytes are base64.",
    options: &[],
    reads: any,
    writes: any,
    fixed_schema: None,
    validate: |_| Vec::new(),
};

/// Every type has a place in JSON.
fn any(ty: &Type) -> Result<(), String> {
    match &ty.base {
        Base::Bool
        | Base::Int32
        | Base::Int64
        | Base::Float64
        | Base::Decimal { .. }
        | Base::String
        | Base::Bytes
        | Base::Uuid
        | Base::Date
        | Base::Time
        | Base::Timestamp
        | Base::LocalTimestamp
        | Base::Duration
        | Base::Json
        | Base::Set(_)
        | Base::Null
        | Base::Unknown => Ok(()),
        Base::List(element) | Base::Map(element) => any(element),
        Base::Record(fields) => fields.iter().try_for_each(|field| any(&field.ty)),
    }
}
