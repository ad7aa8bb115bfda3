//! `== != < <= > >=`. Null if a side is null; NaN equals NaN and is the largest float; strings compare bytewise.

use std::cmp::Ordering;

use pipewright_plan::{Base, CompareOp, Expr, Origin};

use super::{CompileError, Compiler, Source, Typed, error};
use crate::{decimal, nested};

/// The order of floats: NaN equals NaN and is the largest; `-0.0` equals `0.0`.
#[inline]
pub fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// True if an order satisfies the operator.
#[inline]
pub(super) fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Equal => order.is_eq(),
        CompareOp::NotEqual => order.is_ne(),
        CompareOp::Less => order.is_lt(),
        CompareOp::LessOrEqual => order.is_le(),
        CompareOp::Greater => order.is_gt(),
        CompareOp::GreaterOrEqual => order.is_ge(),
    }
}

/// One closure per operator, so that none is chosen per record.
macro_rules! by_operator {
    ($op:expr, $a:expr, $b:expr) => {
        match $op {
            CompareOp::Equal => $a.zip($b, |_, a, b| Some(a == b)),
            CompareOp::NotEqual => $a.zip($b, |_, a, b| Some(a != b)),
            CompareOp::Less => $a.zip($b, |_, a, b| Some(a < b)),
            CompareOp::LessOrEqual => $a.zip($b, |_, a, b| Some(a <= b)),
            CompareOp::Greater => $a.zip($b, |_, a, b| Some(a > b)),
            CompareOp::GreaterOrEqual => $a.zip($b, |_, a, b| Some(a >= b)),
        }
    };
}

impl Compiler<'_> {
    pub(super) fn compare(
        &mut self,
        op: CompareOp,
        left: &Expr,
        right: &Expr,
        origin: Origin,
    ) -> Result<Typed, CompileError> {
        let (a, b) = (self.expr(left)?, self.expr(right)?);
        equality(op, a, b, (&left.ty.base, &right.ty.base), origin).map(Typed::Bool)
    }
}

/// Compares two values of those types.
pub(crate) fn equality(
    op: CompareOp,
    a: Typed,
    b: Typed,
    bases: (&Base, &Base),
    origin: Origin,
) -> Result<Source<bool>, CompileError> {
    Ok(match (a, b) {
        (Typed::Bool(a), Typed::Bool(b)) => by_operator!(op, a, b),
        (Typed::Int(a), Typed::Int(b)) => by_operator!(op, a, b),
        (Typed::Float(a), Typed::Float(b)) => a.zip(b, move |_, a, b| Some(holds(op, compare_floats(a, b)))),
        (Typed::Decimal(a), Typed::Decimal(b)) => {
            let (Base::Decimal { scale: s1, .. }, Base::Decimal { scale: s2, .. }) = bases else {
                return Err(error(origin, "decimals of unknown scale"));
            };
            decimals(op, (a, *s1), (b, *s2))
        }
        (Typed::Text(a), Typed::Text(b)) => match bases.0 {
            Base::List(_) | Base::Map(_) | Base::Record(_) => {
                let base = bases.0.clone();
                let negated = op == CompareOp::NotEqual;
                a.zip(b, move |row, a, b| Some(nested::equal_json(a, b, &base, row.arena) != negated))
            }
            _ => by_operator!(op, a, b),
        },
        (Typed::Bytes(a), Typed::Bytes(b)) => {
            let (a, b) = (a.into_fn(), b.into_fn());
            Source::Computed(Box::new(move |row| Some(holds(op, a(row)?.cmp(b(row)?)))))
        }
        _ => return Err(error(origin, format!("cannot compare `{}` and `{}`", bases.0, bases.1))),
    })
}

fn decimals(op: CompareOp, (a, s1): (Source<i128>, u8), (b, s2): (Source<i128>, u8)) -> Source<bool> {
    // A constant takes the scale of the other side once and for all.
    let (a, s1) = with_scale(a, s1, s2);
    let (b, s2) = with_scale(b, s2, s1);
    if s1 == s2 {
        return by_operator!(op, a, b);
    }
    a.zip(b, move |_, a, b| Some(holds(op, decimal::compare((a, s1), (b, s2)))))
}

fn with_scale(source: Source<i128>, from: u8, to: u8) -> (Source<i128>, u8) {
    match source {
        Source::Constant(Some(value)) if from < to => match decimal::extend(value, from, to) {
            Some(value) => (Source::Constant(Some(value)), to),
            None => (Source::Constant(Some(value)), from),
        },
        source => (source, from),
    }
}
