//! The types of the language.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Field;

/// A type: what a value is, and whether it may be null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// What it is.
    pub base: Base,
    /// `T?`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nullable: bool,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// True or false.
    Bool,
    /// 32-bit signed.
    Int32,
    /// 64-bit signed.
    Int64,
    /// IEEE 754 double.
    Float64,
    /// Exact, `1 <= precision <= 38`, `0 <= scale <= precision`.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// UTF-8.
    String,
    /// Any bytes.
    Bytes,
    /// 128 bits.
    Uuid,
    /// Days, proleptic Gregorian.
    Date,
    /// Time of day, microseconds.
    Time,
    /// An instant, microseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// Civil time without a zone, microseconds since 1970-01-01T00:00:00.
    LocalTimestamp,
    /// Microseconds.
    Duration,
    /// Untyped JSON.
    Json,
    /// `list<T>`
    List(Box<Type>),
    /// `map<string, T>`
    Map(Box<Type>),
    /// `{ a: T, b: U }`
    Record(Vec<Field>),
    /// A closed set of strings, in the order written.
    Set(Vec<String>),
    /// The type of `null` alone. Only inside the checker; never in a finished plan.
    Null,
    /// Not known because of an error that has been reported. Compatible with everything. Never in a finished plan.
    Unknown,
}

impl Base {
    /// The type that holds this and never null.
    pub fn required(self) -> Type {
        Type { base: self, nullable: false }
    }

    /// The type that holds this or null.
    pub fn optional(self) -> Type {
        Type { base: self, nullable: true }
    }

    /// A string, or a closed set of them.
    pub fn is_text(&self) -> bool {
        matches!(self, Base::String | Base::Set(_))
    }

    /// Integers, decimals, floats.
    pub fn is_number(&self) -> bool {
        matches!(self, Base::Int32 | Base::Int64 | Base::Float64 | Base::Decimal { .. })
    }

    /// `int32` or `int64`.
    pub fn is_integer(&self) -> bool {
        matches!(self, Base::Int32 | Base::Int64)
    }
}

impl Type {
    /// The same, null allowed.
    pub fn or_null(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The same, null not allowed.
    pub fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// The type of something that could not be typed.
    pub fn unknown() -> Self {
        Base::Unknown.required()
    }

    /// True if an error has been reported for it.
    pub fn is_unknown(&self) -> bool {
        self.base == Base::Unknown
    }
}

/// As written in a program: `decimal(12, 2)?`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.base, self.nullable) {
            (Base::Set(members), true) if members.len() > 1 => write!(f, "({})?", self.base),
            (base, true) if *base != Base::Null => write!(f, "{base}?"),
            (base, _) => write!(f, "{base}"),
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Base::Bool => f.write_str("bool"),
            Base::Int32 => f.write_str("int32"),
            Base::Int64 => f.write_str("int64"),
            Base::Float64 => f.write_str("float64"),
            Base::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Base::String => f.write_str("string"),
            Base::Bytes => f.write_str("bytes"),
            Base::Uuid => f.write_str("uuid"),
            Base::Date => f.write_str("date"),
            Base::Time => f.write_str("time"),
            Base::Timestamp => f.write_str("timestamp"),
            Base::LocalTimestamp => f.write_str("local_timestamp"),
            Base::Duration => f.write_str("duration"),
            Base::Json => f.write_str("json"),
            Base::List(element) => write!(f, "list<{element}>"),
            Base::Map(value) => write!(f, "map<string, {value}>"),
            Base::Record(fields) => {
                f.write_str("{ ")?;
                for (i, field) in fields.iter().enumerate() {
                    write!(f, "{}{}: {}", if i > 0 { ", " } else { "" }, field.name, field.ty)?;
                }
                f.write_str(" }")
            }
            Base::Set(members) => {
                for (i, member) in members.iter().enumerate() {
                    write!(f, "{}{member:?}", if i > 0 { " | " } else { "" })?;
                }
                Ok(())
            }
            Base::Null => f.write_str("null"),
            Base::Unknown => f.write_str("unknown"),
        }
    }
}
