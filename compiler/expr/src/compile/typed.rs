//! A compiled expression: a closure over a row for each representation of values, or the column or constant it stands for.
//!
//! Columns and constants stay visible so that what is built on them needs no indirect call.

use pipewright_plan::Base;

use crate::{Datum, Row};

/// A closure that gives a scalar; `None` is null, or an error if the row's slot is taken.
pub type Eval<T> = Box<dyn for<'r, 'b> Fn(&'r Row<'b>) -> Option<T> + Send + Sync>;
/// A closure that gives text.
pub type EvalText = Box<dyn for<'r, 'b> Fn(&'r Row<'b>) -> Option<&'b str> + Send + Sync>;
/// A closure that gives bytes.
pub type EvalBytes = Box<dyn for<'r, 'b> Fn(&'r Row<'b>) -> Option<&'b [u8]> + Send + Sync>;

/// A value that is copied.
pub trait Scalar: Copy + Send + Sync + 'static {
    /// The value of a datum of this representation; `Err` for another representation.
    fn of(datum: Datum<'_>) -> Result<Option<Self>, WrongRepresentation>;
}

/// A cell holds something else than the layout promised.
#[derive(Debug)]
pub struct WrongRepresentation;

macro_rules! scalar {
    ($ty:ty, $variant:ident) => {
        impl Scalar for $ty {
            #[inline]
            fn of(datum: Datum<'_>) -> Result<Option<Self>, WrongRepresentation> {
                match datum {
                    Datum::$variant(value) => Ok(Some(value)),
                    Datum::Null => Ok(None),
                    _ => Err(WrongRepresentation),
                }
            }
        }
    };
}
scalar!(bool, Bool);
scalar!(i64, Int);
scalar!(f64, Float);
scalar!(i128, Decimal);

#[cold]
fn wrong<T>(row: &Row<'_>) -> Option<T> {
    row.fail("internal-type", pipewright_plan::Origin::default(), || {
        "a column holds another type than the plan says: this is a mistake of pipewright".to_owned()
    })
}

#[inline]
pub(super) fn scalar<T: Scalar>(row: &Row<'_>, datum: Datum<'_>) -> Option<T> {
    match T::of(datum) {
        Ok(value) => value,
        Err(WrongRepresentation) => wrong(row),
    }
}

#[inline]
pub(super) fn text<'b>(row: &Row<'b>, datum: Datum<'b>) -> Option<&'b str> {
    match datum {
        Datum::Text(text) => Some(text),
        Datum::Null => None,
        _ => wrong(row),
    }
}

#[inline]
pub(super) fn bytes<'b>(row: &Row<'b>, datum: Datum<'b>) -> Option<&'b [u8]> {
    match datum {
        Datum::Bytes(bytes) => Some(bytes),
        Datum::Null => None,
        _ => wrong(row),
    }
}

/// Where a scalar comes from.
pub enum Source<T> {
    /// A cell of the row.
    Column(usize),
    /// Always the same.
    Constant(Option<T>),
    /// Anything else.
    Computed(Eval<T>),
}

impl<T: Scalar> Source<T> {
    /// The value for this row.
    #[inline]
    pub fn get(&self, row: &Row<'_>) -> Option<T> {
        match self {
            Source::Column(column) => scalar(row, row.cell(*column)),
            Source::Constant(value) => *value,
            Source::Computed(eval) => eval(row),
        }
    }

    /// One closure for all cases.
    pub fn into_fn(self) -> Eval<T> {
        match self {
            Source::Column(column) => Box::new(move |row| scalar(row, row.cell(column))),
            Source::Constant(value) => Box::new(move |_| value),
            Source::Computed(eval) => eval,
        }
    }

    /// Applies a function to what is not null.
    pub fn map<U: Scalar>(self, f: impl Fn(&Row<'_>, T) -> Option<U> + Send + Sync + 'static) -> Source<U> {
        Source::Computed(match self {
            Source::Column(column) => Box::new(move |row| f(row, scalar(row, row.cell(column))?)),
            Source::Constant(value) => Box::new(move |row| f(row, value?)),
            Source::Computed(eval) => Box::new(move |row| f(row, eval(row)?)),
        })
    }

    /// Applies a function to two values; null if one is. A null on the left leaves the right alone.
    pub fn zip<U: Scalar, V: Scalar>(
        self,
        other: Source<U>,
        f: impl Fn(&Row<'_>, T, U) -> Option<V> + Send + Sync + 'static,
    ) -> Source<V> {
        Source::Computed(match (self, other) {
            (Source::Column(a), Source::Constant(Some(b))) => Box::new(move |row| f(row, scalar(row, row.cell(a))?, b)),
            (Source::Column(a), Source::Column(b)) => {
                Box::new(move |row| f(row, scalar(row, row.cell(a))?, scalar(row, row.cell(b))?))
            }
            (Source::Computed(a), Source::Constant(Some(b))) => Box::new(move |row| f(row, a(row)?, b)),
            (a, b) => {
                let (a, b) = (a.into_fn(), b.into_fn());
                Box::new(move |row| f(row, a(row)?, b(row)?))
            }
        })
    }
}

/// Where text comes from.
pub enum TextSource {
    /// A cell of the row.
    Column(usize),
    /// Always the same.
    Constant(Option<Box<str>>),
    /// Anything else.
    Computed(EvalText),
}

impl TextSource {
    /// The text for this row; a constant is copied to the arena.
    #[inline]
    pub fn get<'b>(&self, row: &Row<'b>) -> Option<&'b str> {
        match self {
            TextSource::Column(column) => text(row, row.cell(*column)),
            TextSource::Constant(value) => value.as_deref().map(|value| row.text(value)),
            TextSource::Computed(eval) => eval(row),
        }
    }

    /// One closure for all cases.
    pub fn into_fn(self) -> EvalText {
        match self {
            TextSource::Column(column) => Box::new(move |row| text(row, row.cell(column))),
            TextSource::Constant(value) => Box::new(move |row| value.as_deref().map(|value| row.text(value))),
            TextSource::Computed(eval) => eval,
        }
    }

    /// Applies a function to what is not null.
    pub fn map<U: Scalar>(self, f: impl Fn(&Row<'_>, &str) -> Option<U> + Send + Sync + 'static) -> Source<U> {
        Source::Computed(match self {
            TextSource::Column(column) => Box::new(move |row| f(row, text(row, row.cell(column))?)),
            TextSource::Constant(value) => Box::new(move |row| f(row, value.as_deref()?)),
            TextSource::Computed(eval) => Box::new(move |row| f(row, eval(row)?)),
        })
    }

    /// Applies a function to two texts; null if one is.
    pub fn zip<U: Scalar>(
        self,
        other: TextSource,
        f: impl Fn(&Row<'_>, &str, &str) -> Option<U> + Send + Sync + 'static,
    ) -> Source<U> {
        match (self, other) {
            (left, TextSource::Constant(Some(right))) => left.map(move |row, left| f(row, left, &right)),
            (TextSource::Constant(Some(left)), right) => right.map(move |row, right| f(row, &left, right)),
            (left, right) => {
                let (left, right) = (left.into_fn(), right.into_fn());
                Source::Computed(Box::new(move |row| f(row, left(row)?, right(row)?)))
            }
        }
    }
}

/// Where bytes come from.
pub enum BytesSource {
    /// A cell of the row.
    Column(usize),
    /// Always the same.
    Constant(Option<Box<[u8]>>),
    /// Anything else.
    Computed(EvalBytes),
}

impl BytesSource {
    /// The bytes for this row; a constant is copied to the arena.
    #[inline]
    pub fn get<'b>(&self, row: &Row<'b>) -> Option<&'b [u8]> {
        match self {
            BytesSource::Column(column) => bytes(row, row.cell(*column)),
            BytesSource::Constant(value) => value.as_deref().map(|value| &*row.arena.alloc_slice_copy(value)),
            BytesSource::Computed(eval) => eval(row),
        }
    }

    /// One closure for all cases.
    pub fn into_fn(self) -> EvalBytes {
        match self {
            BytesSource::Column(column) => Box::new(move |row| bytes(row, row.cell(column))),
            BytesSource::Constant(value) => {
                Box::new(move |row| value.as_deref().map(|value| &*row.arena.alloc_slice_copy(value)))
            }
            BytesSource::Computed(eval) => eval,
        }
    }
}

/// A compiled expression, by the representation of its values.
pub enum Typed {
    /// `bool`
    Bool(Source<bool>),
    /// Integers, dates, times, durations.
    Int(Source<i64>),
    /// `float64`
    Float(Source<f64>),
    /// `decimal`
    Decimal(Source<i128>),
    /// Strings and nested values.
    Text(TextSource),
    /// `bytes`, `uuid`
    Bytes(BytesSource),
}

/// The representation of the values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Representation {
    /// [`Datum::Bool`]
    Bool,
    /// [`Datum::Int`]
    Int,
    /// [`Datum::Float`]
    Float,
    /// [`Datum::Decimal`]
    Decimal,
    /// [`Datum::Text`]
    Text,
    /// [`Datum::Bytes`]
    Bytes,
}

/// How values of a type are represented.
pub fn representation(base: &Base) -> Representation {
    match base {
        Base::Bool => Representation::Bool,
        Base::Int32
        | Base::Int64
        | Base::Date
        | Base::Time
        | Base::Timestamp
        | Base::LocalTimestamp
        | Base::Duration => Representation::Int,
        Base::Float64 => Representation::Float,
        Base::Decimal { .. } => Representation::Decimal,
        Base::Bytes | Base::Uuid => Representation::Bytes,
        Base::String
        | Base::Set(_)
        | Base::Json
        | Base::List(_)
        | Base::Map(_)
        | Base::Record(_)
        | Base::Null
        | Base::Unknown => Representation::Text,
    }
}

impl Typed {
    /// The cell of a column of that type.
    pub fn column(base: &Base, column: usize) -> Typed {
        match representation(base) {
            Representation::Bool => Typed::Bool(Source::Column(column)),
            Representation::Int => Typed::Int(Source::Column(column)),
            Representation::Float => Typed::Float(Source::Column(column)),
            Representation::Decimal => Typed::Decimal(Source::Column(column)),
            Representation::Text => Typed::Text(TextSource::Column(column)),
            Representation::Bytes => Typed::Bytes(BytesSource::Column(column)),
        }
    }

    /// A constant of that type; null if the datum is null or of another representation.
    pub fn constant(base: &Base, value: Datum<'_>) -> Typed {
        match (representation(base), value) {
            (Representation::Bool, value) => Typed::Bool(Source::Constant(bool::of(value).ok().flatten())),
            (Representation::Int, value) => Typed::Int(Source::Constant(i64::of(value).ok().flatten())),
            (Representation::Float, value) => Typed::Float(Source::Constant(f64::of(value).ok().flatten())),
            (Representation::Decimal, value) => Typed::Decimal(Source::Constant(i128::of(value).ok().flatten())),
            (Representation::Text, Datum::Text(text)) => Typed::Text(TextSource::Constant(Some(text.into()))),
            (Representation::Text, _) => Typed::Text(TextSource::Constant(None)),
            (Representation::Bytes, Datum::Bytes(bytes)) => Typed::Bytes(BytesSource::Constant(Some(bytes.into()))),
            (Representation::Bytes, _) => Typed::Bytes(BytesSource::Constant(None)),
        }
    }

    /// A closure that gives data of that type: for what is too rare to be specialised.
    pub fn from_datum(base: &Base, f: impl for<'r, 'b> Fn(&'r Row<'b>) -> Datum<'b> + Send + Sync + 'static) -> Typed {
        match representation(base) {
            Representation::Bool => Typed::Bool(Source::Computed(Box::new(move |row| scalar(row, f(row))))),
            Representation::Int => Typed::Int(Source::Computed(Box::new(move |row| scalar(row, f(row))))),
            Representation::Float => Typed::Float(Source::Computed(Box::new(move |row| scalar(row, f(row))))),
            Representation::Decimal => Typed::Decimal(Source::Computed(Box::new(move |row| scalar(row, f(row))))),
            Representation::Text => Typed::Text(TextSource::Computed(Box::new(move |row| text(row, f(row))))),
            Representation::Bytes => Typed::Bytes(BytesSource::Computed(Box::new(move |row| bytes(row, f(row))))),
        }
    }

    /// The value for this row.
    #[inline]
    pub fn datum<'b>(&self, row: &Row<'b>) -> Datum<'b> {
        let value = match self {
            Typed::Bool(source) => source.get(row).map(Datum::Bool),
            Typed::Int(source) => source.get(row).map(Datum::Int),
            Typed::Float(source) => source.get(row).map(Datum::Float),
            Typed::Decimal(source) => source.get(row).map(Datum::Decimal),
            Typed::Text(source) => source.get(row).map(Datum::Text),
            Typed::Bytes(source) => source.get(row).map(Datum::Bytes),
        };
        value.unwrap_or(Datum::Null)
    }

    /// A scalar `bool` closure.
    pub fn of_bool(f: impl for<'r, 'b> Fn(&'r Row<'b>) -> Option<bool> + Send + Sync + 'static) -> Typed {
        Typed::Bool(Source::Computed(Box::new(f)))
    }

    /// A closure for integers, dates, times, durations.
    pub fn of_int(f: impl for<'r, 'b> Fn(&'r Row<'b>) -> Option<i64> + Send + Sync + 'static) -> Typed {
        Typed::Int(Source::Computed(Box::new(f)))
    }

    /// A `float64` closure.
    pub fn of_float(f: impl for<'r, 'b> Fn(&'r Row<'b>) -> Option<f64> + Send + Sync + 'static) -> Typed {
        Typed::Float(Source::Computed(Box::new(f)))
    }

    /// A `decimal` closure.
    pub fn of_decimal(f: impl for<'r, 'b> Fn(&'r Row<'b>) -> Option<i128> + Send + Sync + 'static) -> Typed {
        Typed::Decimal(Source::Computed(Box::new(f)))
    }

    /// A text closure.
    pub fn of_text(f: impl for<'r, 'b> Fn(&'r Row<'b>) -> Option<&'b str> + Send + Sync + 'static) -> Typed {
        Typed::Text(TextSource::Computed(Box::new(f)))
    }

    /// A bytes closure.
    pub fn of_bytes(f: impl for<'r, 'b> Fn(&'r Row<'b>) -> Option<&'b [u8]> + Send + Sync + 'static) -> Typed {
        Typed::Bytes(BytesSource::Computed(Box::new(f)))
    }
}
