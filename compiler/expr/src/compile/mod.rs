//! Expressions to typed closures over a row.
//!
//! The plan is trusted to be well typed; a part of it that is not, or a column that the layout has not, is a
//! [`CompileError`]. Evaluating allocates nothing outside the arena of the row, unless the record is bad or nested JSON has
//! escapes. A closure gives `None` for null and for an error; the error itself waits in the row.

mod arithmetic;
mod call;
mod choice;
mod comparison;
mod constant;
mod logic;
mod membership;
mod nested;
#[cfg(test)]
mod oracle;
mod pattern;
#[cfg(test)]
mod tests;
mod typed;
mod widen;

pub(crate) use arithmetic::{by_zero, show_decimal, show_int};
pub use call::CallSite;
pub use comparison::compare_floats;
pub use constant::constant;
pub(crate) use constant::{datum, literal};
pub(crate) use membership::concatenation;
pub use typed::{
    BytesSource, Eval, EvalBytes, EvalText, Representation, Scalar, Source, TextSource, Typed, WrongRepresentation,
    representation,
};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipewright_plan::{Base, Expr, ExprKind, Literal, Meta, Origin, Type};

use crate::{Datum, EvalError, Row};

/// Where the columns of a row stand.
pub trait Layout {
    /// The column of a field, or of a field inside records: `["customer", "id"]`. The longest path is asked for first.
    fn column(&self, path: &[&str]) -> Option<usize>;
    /// The column of what Kafka knows.
    fn meta(&self, meta: &Meta) -> Option<usize>;
    /// What is set when this branch of the `if` or `match` at `choice` is taken; `value` is what stands there. `None`:
    /// nobody wants to know.
    fn branch(&self, choice: Origin, value: Origin) -> Option<Reached> {
        let _ = (choice, value);
        None
    }
}

/// Set once a branch was taken.
pub type Reached = Arc<AtomicBool>;

/// What a condition has given so far.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// It was true.
    pub passed: AtomicBool,
    /// It was false or null.
    pub failed: AtomicBool,
}

/// No columns at all.
pub struct NoColumns;

impl Layout for NoColumns {
    fn column(&self, _: &[&str]) -> Option<usize> {
        None
    }

    fn meta(&self, _: &Meta) -> Option<usize> {
        None
    }
}

/// Why an expression cannot be compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct CompileError {
    /// What is wrong.
    pub reason: String,
    /// The innermost expression.
    pub origin: Origin,
}

/// A compiled expression.
pub struct Compiled {
    typed: Typed,
}

impl Compiled {
    /// The value for this row, or why the record is bad.
    #[inline]
    pub fn eval<'b>(&self, row: &Row<'b>) -> Result<Datum<'b>, EvalError> {
        let value = self.typed.datum(row);
        match row.take_error() {
            None => Ok(value),
            Some(error) => Err(error),
        }
    }

    /// The value of a condition: `None` is null.
    #[inline]
    pub fn test<'b>(&self, row: &Row<'b>) -> Result<Option<bool>, EvalError> {
        let value = match &self.typed {
            Typed::Bool(source) => source.get(row),
            _ => None,
        };
        match row.take_error() {
            None => Ok(value),
            Some(error) => Err(error),
        }
    }

    /// The same condition, which notes what it gives.
    pub fn watched(self, outcomes: Arc<Outcomes>) -> Self {
        let Typed::Bool(source) = self.typed else { return self };
        let typed = Typed::Bool(Source::Computed(Box::new(move |row| {
            let value = source.get(row);
            if !row.failed() {
                let seen = if value == Some(true) { &outcomes.passed } else { &outcomes.failed };
                seen.store(true, Ordering::Relaxed);
            }
            value
        })));
        Self { typed }
    }

    /// True if the value is the cell of that column, unchanged.
    pub fn as_column(&self) -> Option<usize> {
        match &self.typed {
            Typed::Bool(Source::Column(column))
            | Typed::Int(Source::Column(column))
            | Typed::Float(Source::Column(column))
            | Typed::Decimal(Source::Column(column))
            | Typed::Text(TextSource::Column(column))
            | Typed::Bytes(BytesSource::Column(column)) => Some(*column),
            _ => None,
        }
    }
}

/// Compiles an expression over rows of that layout.
pub fn compile(expr: &Expr, layout: &dyn Layout) -> Result<Compiled, CompileError> {
    let mut compiler = Compiler { layout, locals: Vec::new(), folding: true };
    Ok(Compiled { typed: compiler.expr(expr)? })
}

/// What compiling one expression knows.
pub(crate) struct Compiler<'l> {
    layout: &'l dyn Layout,
    /// The number of each local; its place here is its slot in the row.
    locals: Vec<u32>,
    /// Constant parts are evaluated now.
    folding: bool,
}

impl Compiler<'_> {
    pub(crate) fn expr(&mut self, expr: &Expr) -> Result<Typed, CompileError> {
        if self.folding && !matches!(expr.kind, ExprKind::Literal(_)) && constant::is_constant(expr) {
            self.folding = false;
            let typed = self.kind(expr);
            self.folding = true;
            let typed = typed?;
            let arena = bumpalo::Bump::new();
            let row = Row::new(0, &arena);
            let value = typed.datum(&row);
            // What fails stays as it is: it may never be reached.
            return Ok(match row.take_error() {
                None => Typed::constant(&expr.ty.base, value),
                Some(_) => typed,
            });
        }
        self.kind(expr)
    }

    fn kind(&mut self, expr: &Expr) -> Result<Typed, CompileError> {
        let base = &expr.ty.base;
        let origin = expr.origin;
        match &expr.kind {
            ExprKind::Literal(literal) => literal_typed(literal, &expr.ty, origin),
            ExprKind::Column(name) => match self.layout.column(&[name]) {
                Some(column) => Ok(Typed::column(base, column)),
                None => Err(error(origin, format!("there is no column `{name}`"))),
            },
            ExprKind::Meta(meta) => match self.layout.meta(meta) {
                Some(column) => Ok(Typed::column(base, column)),
                None => Err(error(origin, format!("there is no column for {meta:?}"))),
            },
            ExprKind::Local(number) => match self.locals.iter().position(|local| local == number) {
                Some(slot) => Ok(Typed::from_datum(base, move |row| row.local(slot))),
                None => Err(error(origin, format!("local {number} is not bound"))),
            },
            ExprKind::Let { local, value, body } => self.binding(*local, value, body),
            ExprKind::Field { base, name } => self.field(expr, base, name),
            ExprKind::Index { base, index } => self.index(expr, base, index),
            ExprKind::Call { function, args } => self.call(expr, function, args),
            ExprKind::Widen(inner) => self.widen(inner, &expr.ty, origin),
            ExprKind::Negate(inner) => self.negate(inner, origin),
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(expr, *op, left, right),
            ExprKind::Compare { op, left, right } => self.compare(*op, left, right, origin),
            ExprKind::Not(inner) => {
                let inner = self.bool(inner)?;
                Ok(Typed::Bool(inner.map(|_, value| Some(!value))))
            }
            ExprKind::And(parts) => self.and(parts),
            ExprKind::Or(parts) => self.or(parts),
            ExprKind::Coalesce(parts) => self.coalesce(parts, &expr.ty),
            ExprKind::IsNull { operand, negated } => self.is_null(operand, *negated),
            ExprKind::In { operand, list, negated } => self.membership(operand, list, *negated),
            ExprKind::Like { operand, pattern, negated } => self.like(operand, pattern, *negated, origin),
            ExprKind::Matches { operand, pattern, negated } => self.matches(operand, pattern, *negated, origin),
            ExprKind::If { branches, otherwise } => self.branches(branches, otherwise, &expr.ty, origin),
            ExprKind::Match { subject, arms } => self.arms(subject, arms, &expr.ty, origin),
            ExprKind::Concat(parts) => self.concat(parts),
            ExprKind::List(items) => self.list(items, &expr.ty),
            ExprKind::Record(fields) => self.record(fields, &expr.ty),
        }
    }

    pub(crate) fn bool(&mut self, expr: &Expr) -> Result<Source<bool>, CompileError> {
        match self.expr(expr)? {
            Typed::Bool(source) => Ok(source),
            _ => Err(error(expr.origin, format!("expected a bool, found `{}`", expr.ty))),
        }
    }

    pub(crate) fn text(&mut self, expr: &Expr) -> Result<TextSource, CompileError> {
        match self.expr(expr)? {
            Typed::Text(source) => Ok(source),
            _ => Err(error(expr.origin, format!("expected a string, found `{}`", expr.ty))),
        }
    }

    /// Compiles the expression as that type, converting decimals and the like.
    pub(crate) fn expr_as(&mut self, expr: &Expr, ty: &Type) -> Result<Typed, CompileError> {
        if expr.ty.base == ty.base { self.expr(expr) } else { self.widen(expr, ty, expr.origin) }
    }
}

pub(crate) fn error(origin: Origin, reason: impl Into<String>) -> CompileError {
    CompileError { reason: reason.into(), origin }
}

fn literal_typed(literal: &Literal, ty: &Type, origin: Origin) -> Result<Typed, CompileError> {
    let datum = datum(literal).ok_or_else(|| error(origin, "a constant is no decimal"))?;
    let fits = matches!(
        (representation(&ty.base), datum),
        (_, Datum::Null)
            | (Representation::Bool, Datum::Bool(_))
            | (Representation::Int, Datum::Int(_))
            | (Representation::Float, Datum::Float(_))
            | (Representation::Decimal, Datum::Decimal(_))
            | (Representation::Text, Datum::Text(_))
            | (Representation::Bytes, Datum::Bytes(_))
    );
    if !fits || ty.base == Base::Unknown {
        return Err(error(origin, format!("the literal {literal:?} is no `{ty}`")));
    }
    Ok(Typed::constant(&ty.base, datum))
}
