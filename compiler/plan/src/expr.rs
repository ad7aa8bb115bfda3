//! Typed expressions. The checker makes them, `pipewright-expr` evaluates them, emitters translate them.

use serde::{Deserialize, Serialize};

use crate::{Origin, Type};

/// An expression whose every part has a type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
    /// Where it stands.
    #[serde(default, rename = "at")]
    pub origin: Origin,
}

/// What an expression is. Widening is explicit (`Cast`): operands of arithmetic have the types their operator needs,
/// both sides of a comparison have the same base type (strings and closed sets count as one; decimals may differ in
/// precision and scale and are compared by value).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExprKind {
    /// A constant; `Literal::Null` is null.
    Literal(Literal),
    /// A field of the record, by name.
    Column(String),
    /// What Kafka knows of the record.
    Meta(Meta),
    /// The value that an enclosing `Let` bound.
    Local(u32),
    /// Binds `value` to local number `local` in `body`. Evaluated when (and only if) the body first needs it is *not*
    /// promised: it is evaluated before the body.
    Let {
        /// The number; unique within one whole expression.
        local: u32,
        /// What is bound.
        value: Box<Expr>,
        /// Where it is bound.
        body: Box<Expr>,
    },
    /// `a.b` of a record. Null if the record is null.
    Field {
        /// The record.
        base: Box<Expr>,
        /// The field.
        name: String,
    },
    /// `items[0]` (from 0; out of range is null), `map["x"]` (absent is null).
    Index {
        /// The list or map.
        base: Box<Expr>,
        /// The position or key.
        index: Box<Expr>,
    },
    /// A function of the library, also casts (`int64`, `decimal`, …). Null in, null out unless the function says otherwise.
    Call {
        /// Its name.
        function: String,
        /// Positional: named arguments have been put in place; absent optional ones at the end are left out.
        args: Vec<Expr>,
    },
    /// An implicit, lossless widening to the type of this expression (int32 to int64, int to decimal, decimal to a wider
    /// one, integer literal to float64, set to string, T to T?).
    Widen(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// Arithmetic. For decimals both operands keep their own scale; the type of this expression is the result's.
    Arithmetic {
        /// The operator.
        op: ArithmeticOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// A comparison; null if a side is null.
    Compare {
        /// The operator.
        op: CompareOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `not x`, three-valued.
    Not(Box<Expr>),
    /// Three-valued, from the left, only what is needed.
    And(Vec<Expr>),
    /// Three-valued, from the left, only what is needed.
    Or(Vec<Expr>),
    /// `x ?? y ?? z`: the first that is not null.
    Coalesce(Vec<Expr>),
    /// `x is null`, never null.
    IsNull {
        /// The operand.
        operand: Box<Expr>,
        /// `is not null`
        negated: bool,
    },
    /// `x in [ … ]`; null if x is null. The members are not null.
    In {
        /// The operand.
        operand: Box<Expr>,
        /// The members, all of the operand's type.
        list: Vec<Expr>,
        /// `not in`
        negated: bool,
    },
    /// `x like "a%_"`; the pattern is a constant. `\` escapes.
    Like {
        /// The operand.
        operand: Box<Expr>,
        /// The pattern.
        pattern: String,
        /// `not like`
        negated: bool,
    },
    /// `x ~ r"…"`: the regular expression (syntax of the crate `regex`) matches somewhere.
    Matches {
        /// The operand.
        operand: Box<Expr>,
        /// The regular expression; it compiles.
        pattern: String,
        /// `!~`
        negated: bool,
    },
    /// `if … then … else …`; conditions are not null.
    If {
        /// Conditions and values.
        branches: Vec<(Expr, Expr)>,
        /// The last `else`.
        otherwise: Box<Expr>,
    },
    /// `match x { … }`; exhaustive: the last arm may have no patterns, which means `_`.
    Match {
        /// What is compared.
        subject: Box<Expr>,
        /// The arms. A pattern is a literal of the subject's type, or `Literal::Null`.
        arms: Vec<MatchArm>,
    },
    /// An f-string: each part is a non-null or nullable string (null makes the whole null).
    Concat(Vec<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a = 1 }`
    Record(Vec<(String, Expr)>),
}

/// An arm of a `match`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchArm {
    /// Any of these; none means `_`.
    pub patterns: Vec<Literal>,
    /// The value.
    pub value: Expr,
}

/// A constant. Its [`Type`] stands in the expression around it; these are the representations of [`crate::Base`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Literal {
    /// null
    Null,
    /// `bool`
    Bool(bool),
    /// `int32`, `int64`; `date` in days; `time`, `timestamp`, `local_timestamp`, `duration` in microseconds.
    Int(i64),
    /// `float64`
    Float(f64),
    /// `decimal`: the unscaled value as text (YAML has no 128-bit integers); the scale stands in the type.
    Decimal(String),
    /// `string`, closed sets; `json`, lists, maps and records as JSON text.
    Text(String),
    /// `bytes`, and the 16 bytes of a `uuid`.
    Bytes(Vec<u8>),
}

/// `+ - * / %`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArithmeticOp {
    /// `+`: numbers, timestamp + duration, date + duration of whole days is an error, duration + duration.
    Add,
    /// `-`: numbers, timestamp - timestamp, timestamp - duration, duration - duration.
    Subtract,
    /// `*`: numbers, duration * integer.
    Multiply,
    /// `/`: decimals, floats. Integers are refused by the checker.
    Divide,
    /// `%`: the sign of the dividend.
    Remainder,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// What Kafka knows of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meta {
    /// `meta.key`: `bytes?`
    Key,
    /// `meta.partition`: `int32`
    Partition,
    /// `meta.offset`: `int64`
    Offset,
    /// `meta.timestamp`: `timestamp?` (null where the broker has none)
    Timestamp,
    /// `meta.headers["x"]`: `bytes?`, the last header of that name
    Header(String),
}
