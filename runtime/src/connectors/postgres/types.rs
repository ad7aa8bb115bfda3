//! Types: ours to PostgreSQL's, and which columns of an existing table hold which of our types without loss.

use pipewright_plan::{Base, Type};

/// How a value is sent: decided by our type and the column's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Bool,
    Int4,
    Int8,
    Float8,
    /// A decimal of this scale.
    Numeric(u8),
    /// An integer into a numeric column.
    IntegerAsNumeric,
    /// Text, also into `varchar`, enums and the like.
    Text,
    Bytea,
    Uuid,
    UuidAsText,
    Date,
    Time,
    TimestampTz,
    Timestamp,
    Interval,
    Jsonb,
    Json,
    JsonAsText,
}

/// The type of a column as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActualType {
    /// As people write it: `numeric(12,2)`.
    pub shown: String,
    /// The name in the catalogue; of a domain, that of the type below it.
    pub name: String,
    /// Length, precision and scale, packed; -1: none.
    pub modifier: i32,
    /// It is an enum.
    pub is_enum: bool,
}

/// The column type we create.
pub(crate) fn declared(base: &Base) -> String {
    match base {
        Base::Bool => "boolean".to_string(),
        Base::Int32 => "integer".to_string(),
        Base::Int64 => "bigint".to_string(),
        Base::Float64 => "double precision".to_string(),
        Base::Decimal { precision, scale } => format!("numeric({precision}, {scale})"),
        Base::String | Base::Set(_) | Base::Null | Base::Unknown => "text".to_string(),
        Base::Bytes => "bytea".to_string(),
        Base::Uuid => "uuid".to_string(),
        Base::Date => "date".to_string(),
        Base::Time => "time".to_string(),
        Base::Timestamp => "timestamptz".to_string(),
        Base::LocalTimestamp => "timestamp".to_string(),
        Base::Duration => "interval".to_string(),
        Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_) => "jsonb".to_string(),
    }
}

/// How a value goes into a column of the type that we create for it.
pub(crate) fn created(base: &Base) -> Wire {
    match base {
        Base::Bool => Wire::Bool,
        Base::Int32 => Wire::Int4,
        Base::Int64 => Wire::Int8,
        Base::Float64 => Wire::Float8,
        Base::Decimal { scale, .. } => Wire::Numeric(*scale),
        Base::String | Base::Set(_) | Base::Null | Base::Unknown => Wire::Text,
        Base::Bytes => Wire::Bytea,
        Base::Uuid => Wire::Uuid,
        Base::Date => Wire::Date,
        Base::Time => Wire::Time,
        Base::Timestamp => Wire::TimestampTz,
        Base::LocalTimestamp => Wire::Timestamp,
        Base::Duration => Wire::Interval,
        Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_) => Wire::Jsonb,
    }
}

/// How to send our type into that column; the text says why it does not go.
pub(crate) fn wire(ty: &Type, actual: &ActualType) -> Result<Wire, String> {
    let other = || Err(format!("but the sink writes {ty}"));
    let narrower = || Err(format!("which cannot hold every {ty}"));
    // Fractions of a second: no modifier, or all six digits.
    let micros = actual.modifier < 0 || actual.modifier == 6;
    let exact = |wire| if micros { Ok(wire) } else { Err("which would round microseconds".to_string()) };
    match (&ty.base, actual.name.as_str()) {
        (Base::Bool, "bool") => Ok(Wire::Bool),
        (Base::Int32, "int4") => Ok(Wire::Int4),
        (Base::Int32 | Base::Int64, "int8") => Ok(Wire::Int8),
        (Base::Int32, "int2") | (Base::Int64, "int4" | "int2") => narrower(),
        (Base::Int32, "numeric") if whole_digits(actual) >= 10 => Ok(Wire::IntegerAsNumeric),
        (Base::Int64, "numeric") if whole_digits(actual) >= 19 => Ok(Wire::IntegerAsNumeric),
        (Base::Float64, "float8") => Ok(Wire::Float8),
        (Base::Float64, "float4") => narrower(),
        (Base::Decimal { precision, scale }, "numeric") => {
            let fits = whole_digits(actual) >= i32::from(precision - scale) && scale_of(actual) >= i32::from(*scale);
            if fits { Ok(Wire::Numeric(*scale)) } else { narrower() }
        }
        (Base::Int32 | Base::Int64, "numeric") => narrower(),
        (Base::Int32 | Base::Int64 | Base::Decimal { .. }, "float4" | "float8") => {
            Err(format!("which would round a {ty}"))
        }
        (Base::String | Base::Set(_), "text" | "varchar" | "citext") => Ok(Wire::Text),
        (Base::String | Base::Set(_), "bpchar") => Err("which would pad the text with blanks".to_string()),
        (Base::String | Base::Set(_), _) if actual.is_enum => Ok(Wire::Text),
        (Base::Bytes, "bytea") => Ok(Wire::Bytea),
        (Base::Uuid, "uuid") => Ok(Wire::Uuid),
        (Base::Uuid, "text" | "varchar") => Ok(Wire::UuidAsText),
        (Base::Date, "date") => Ok(Wire::Date),
        (Base::Time, "time") => exact(Wire::Time),
        (Base::Timestamp, "timestamptz") => exact(Wire::TimestampTz),
        (Base::Timestamp, "timestamp") => Err("which has no time zone: an instant would lose its meaning".to_string()),
        (Base::LocalTimestamp, "timestamp") => exact(Wire::Timestamp),
        (Base::LocalTimestamp, "timestamptz") => {
            Err("which is an instant: say which zone is meant with `at_zone`".to_string())
        }
        (Base::Duration, "interval") if actual.modifier < 0 => Ok(Wire::Interval),
        (Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_), "jsonb") => Ok(Wire::Jsonb),
        (Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_), "json") => Ok(Wire::Json),
        (Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_), "text" | "varchar") => Ok(Wire::JsonAsText),
        (
            Base::Bool
            | Base::Int32
            | Base::Int64
            | Base::Float64
            | Base::Decimal { .. }
            | Base::String
            | Base::Set(_)
            | Base::Bytes
            | Base::Uuid
            | Base::Date
            | Base::Time
            | Base::Timestamp
            | Base::LocalTimestamp
            | Base::Duration
            | Base::Json
            | Base::List(_)
            | Base::Map(_)
            | Base::Record(_)
            | Base::Null
            | Base::Unknown,
            _,
        ) => other(),
    }
}

/// Digits before the point that a numeric column holds.
fn whole_digits(actual: &ActualType) -> i32 {
    if actual.modifier < 4 { i32::MAX } else { (((actual.modifier - 4) >> 16) & 0xffff) - scale_of(actual) }
}

/// Digits behind the point.
fn scale_of(actual: &ActualType) -> i32 {
    // Eleven bits, signed.
    if actual.modifier < 4 { i32::MAX } else { (((actual.modifier - 4) & 0x7ff) ^ 1024) - 1024 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    fn numeric(precision: i32, scale: i32) -> ActualType {
        let modifier = ((precision << 16) | scale) + 4;
        ActualType { shown: String::new(), name: "numeric".to_string(), modifier, is_enum: false }
    }

    #[test]
    fn rows_are_sent_into_a_created_table_as_into_one_that_was_found() {
        let found = |name: &str| ActualType { shown: String::new(), name: name.into(), modifier: -1, is_enum: false };
        for (base, name) in [
            (Base::Bool, "bool"),
            (Base::Int32, "int4"),
            (Base::Int64, "int8"),
            (Base::Float64, "float8"),
            (Base::Decimal { precision: 12, scale: 2 }, "numeric"),
            (Base::String, "text"),
            (Base::Bytes, "bytea"),
            (Base::Uuid, "uuid"),
            (Base::Date, "date"),
            (Base::Time, "time"),
            (Base::Timestamp, "timestamptz"),
            (Base::LocalTimestamp, "timestamp"),
            (Base::Duration, "interval"),
            (Base::Json, "jsonb"),
        ] {
            assert_eq!(wire(&base.clone().required(), &found(name)), Ok(created(&base)), "{name}");
        }
    }

    #[test]
    fn a_numeric_column_must_hold_every_value() {
        let ours = Base::Decimal { precision: 12, scale: 2 }.required();
        assert_eq!(wire(&ours, &numeric(12, 2)), Ok(Wire::Numeric(2)));
        assert_eq!(wire(&ours, &numeric(13, 3)), Ok(Wire::Numeric(2)));
        assert_eq!(wire(&ours, &numeric(12, 3)), Err("which cannot hold every decimal(12, 2)".to_string()));
        assert_eq!(wire(&ours, &ActualType { modifier: -1, ..numeric(1, 1) }), Ok(Wire::Numeric(2)));
        assert_eq!(wire(&Base::Int64.required(), &numeric(18, 0)), Err("which cannot hold every int64".to_string()));
        assert_eq!(wire(&Base::Int64.required(), &numeric(19, 0)), Ok(Wire::IntegerAsNumeric));
    }
}
