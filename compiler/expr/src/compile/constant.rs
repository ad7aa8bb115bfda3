//! Expressions without columns: evaluated when compiling, for options, parameters and folding.

use bumpalo::Bump;
use pipewright_plan::{Expr, ExprKind, Literal};

use super::{NoColumns, compile};
use crate::{Datum, EvalError, Row, functions};

/// Evaluates an expression that reads no column. What fails on purpose (`fail("…")`) or by its values is the error of a
/// record; an expression that does read a column has the name `not-constant`.
pub fn constant(expr: &Expr) -> Result<Literal, EvalError> {
    if let ExprKind::Literal(literal) = &expr.kind {
        return Ok(literal.clone());
    }
    let compiled = compile(expr, &NoColumns).map_err(|error| EvalError {
        name: "not-constant",
        reason: error.reason,
        origin: error.origin,
    })?;
    let arena = Bump::new();
    let row = Row::new(0, &arena);
    Ok(literal(compiled.eval(&row)?))
}

/// A value as a constant of a plan.
pub(crate) fn literal(value: Datum<'_>) -> Literal {
    match value {
        Datum::Null => Literal::Null,
        Datum::Bool(value) => Literal::Bool(value),
        Datum::Int(value) => Literal::Int(value),
        Datum::Float(value) => Literal::Float(value),
        Datum::Decimal(value) => Literal::Decimal(value.to_string()),
        Datum::Text(text) => Literal::Text(text.to_owned()),
        Datum::Bytes(bytes) => Literal::Bytes(bytes.to_owned()),
    }
}

/// The value of a constant of a plan. `None`: a decimal that is none.
pub(crate) fn datum(literal: &Literal) -> Option<Datum<'_>> {
    Some(match literal {
        Literal::Null => Datum::Null,
        Literal::Bool(value) => Datum::Bool(*value),
        Literal::Int(value) => Datum::Int(*value),
        Literal::Float(value) => Datum::Float(*value),
        Literal::Decimal(text) => Datum::Decimal(text.parse().ok()?),
        Literal::Text(text) => Datum::Text(text),
        Literal::Bytes(bytes) => Datum::Bytes(bytes),
    })
}

/// True if the value is the same for every row.
pub(super) fn is_constant(expr: &Expr) -> bool {
    let all = |parts: &[Expr]| parts.iter().all(is_constant);
    match &expr.kind {
        ExprKind::Literal(_) => true,
        // A `let` is left alone: its body is full of locals.
        ExprKind::Column(_) | ExprKind::Meta(_) | ExprKind::Local(_) | ExprKind::Let { .. } => false,
        ExprKind::Field { base, .. } => is_constant(base),
        ExprKind::Index { base, index } => is_constant(base) && is_constant(index),
        ExprKind::Call { function, args } => {
            functions::find(function).is_some_and(|function| function.deterministic) && all(args)
        }
        ExprKind::Widen(inner) | ExprKind::Negate(inner) | ExprKind::Not(inner) => is_constant(inner),
        ExprKind::Arithmetic { left, right, .. } | ExprKind::Compare { left, right, .. } => {
            is_constant(left) && is_constant(right)
        }
        ExprKind::And(parts)
        | ExprKind::Or(parts)
        | ExprKind::Coalesce(parts)
        | ExprKind::Concat(parts)
        | ExprKind::List(parts) => all(parts),
        ExprKind::IsNull { operand, .. } | ExprKind::Like { operand, .. } | ExprKind::Matches { operand, .. } => {
            is_constant(operand)
        }
        ExprKind::In { operand, list, .. } => is_constant(operand) && all(list),
        ExprKind::If { branches, otherwise } => {
            branches.iter().all(|(condition, value)| is_constant(condition) && is_constant(value))
                && is_constant(otherwise)
        }
        ExprKind::Match { subject, arms } => is_constant(subject) && arms.iter().all(|arm| is_constant(&arm.value)),
        ExprKind::Record(fields) => fields.iter().all(|(_, value)| is_constant(value)),
    }
}
