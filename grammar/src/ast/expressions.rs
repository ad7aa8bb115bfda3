//! The tree of expressions, and of records: options, nested options, aggregates, values, test rows.

use super::*;
use crate::Span;

/// `{ name = EXPR, … }`: options, nested options, aggregates, record values, test rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its entries; unreadable ones are left out (and reported).
    pub entries: Vec<Entry>,
    /// True if an entry was left out: then a missing entry is no news.
    pub incomplete: bool,
    /// With its braces.
    pub span: Span,
}

/// One entry of a record. `{ id }` is short for `{ id = id }`: then `value` is a name with the same span.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The `##` lines above it.
    pub doc: Option<Doc>,
    /// Its name; a quoted name (`"linger.ms" = 20`, or JSON's `"id": 1`) without its quotes.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// True for the short form.
    pub shorthand: bool,
    /// All of it, without the doc comment.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands, without surrounding parentheses.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written, without `_`: `12`, `12.50`, `1.25e1`.
    Number(String),
    /// `"text"`, `"""text"""`
    String(String),
    /// `r"\d+"`
    Raw(String),
    /// `f"order {id}"`
    Interpolated(Vec<Piece>),
    /// `1h30m`, in microseconds. Saturates; the parser reports what does not fit.
    Duration(i64),
    /// `8MiB`, in bytes.
    Size(u64),
    /// `1%`, the number as written.
    Percent(String),
    /// `@2026-01-01T10:00:00Z`, `@2026-01-01`, `@10:00`: the text after `@`. The checker reads it.
    Instant(String),
    /// `amount`
    Name(Name),
    /// `a.b`
    Member(Box<Expr>, Name),
    /// `items[0]`, `meta.headers["x"]`
    Index(Box<Expr>, Box<Expr>),
    /// `round(x, 2)`, `csv(delimiter = ";")`
    Call {
        /// What is called; a name, or the checker says so.
        callee: Box<Expr>,
        /// The arguments.
        args: Vec<Arg>,
        /// With the parentheses.
        args_span: Span,
    },
    /// `-x`
    Negate(Box<Expr>),
    /// `not x`
    Not(Box<Expr>),
    /// `a and b and c`, `a or b`: at least two terms.
    Logic {
        /// Which.
        op: LogicOp,
        /// The terms.
        terms: Vec<Expr>,
    },
    /// `a + b - c`, `a * b / c`, `a ?? b`: one precedence level, to be read from the left (`??` from the right).
    Chain {
        /// The first operand.
        first: Box<Expr>,
        /// The others; at least one.
        rest: Vec<Link>,
    },
    /// `a < b`. Longer chains are reported by the parser, and the first comparison is kept.
    Compare {
        /// The operator.
        op: CompareOp,
        /// Where it stands.
        op_span: Span,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `x is null`, `x is not null`
    IsNull {
        /// The operand.
        operand: Box<Expr>,
        /// `not`
        negated: bool,
    },
    /// `x in [a, b]`
    In {
        /// The operand.
        operand: Box<Expr>,
        /// The list.
        list: Vec<Expr>,
        /// `not`
        negated: bool,
    },
    /// `x between a and b`
    Between {
        /// The operand.
        operand: Box<Expr>,
        /// Lower bound, inclusive.
        low: Box<Expr>,
        /// Upper bound, inclusive.
        high: Box<Expr>,
        /// `not`
        negated: bool,
    },
    /// `x like "a%"`
    Like {
        /// The operand.
        operand: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// `not`
        negated: bool,
    },
    /// `x ~ r"…"`, `x !~ r"…"`
    Matches {
        /// The operand.
        operand: Box<Expr>,
        /// The regular expression as written, without quotes.
        pattern: Text,
        /// `!~`
        negated: bool,
    },
    /// `if a then b else if c then d else e`
    If {
        /// Conditions and values; at least one.
        branches: Vec<(Expr, Expr)>,
        /// The last `else`.
        otherwise: Box<Expr>,
    },
    /// `match x { "a" | "b" => 1, _ => 0 }`
    Match {
        /// What is compared.
        subject: Box<Expr>,
        /// The arms.
        arms: Vec<Arm>,
    },
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a = 1 }`
    Record(Record),
    /// Could not be read; reported.
    Error,
}

/// `and` or `or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogicOp {
    /// `and`
    And,
    /// `or`
    Or,
}

/// An operator with its right operand.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The operator.
    pub op: ChainOp,
    /// Where it stands.
    pub op_span: Span,
    /// The right operand.
    pub operand: Expr,
}

/// An operator of a [`ExprKind::Chain`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `??`
    Coalesce,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A part of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text, unescaped.
    Text(String),
    /// `{expr}`
    Hole(Expr),
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `name =`
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// An arm of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// `"a" | "b"`; at least one.
    pub patterns: Vec<Pattern>,
    /// After `=>`.
    pub value: Expr,
}

/// A pattern of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it matches.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// What a pattern matches.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `_`
    Any,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `"text"`
    String(String),
    /// A number as written, with its sign.
    Number(String),
}
