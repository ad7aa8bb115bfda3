//! `+ - * / %` and `-x`, checked: what does not fit makes the record bad and shows the operands.

use pipewright_plan::{ArithmeticOp, Base, Expr, Origin};

use super::{CompileError, Compiler, Source, Typed, error};
use crate::convert::{MAX_INSTANT, MIN_INSTANT, write_decimal, write_duration, write_local_timestamp, write_timestamp};
use crate::{Row, decimal};

impl Compiler<'_> {
    pub(super) fn arithmetic(
        &mut self,
        expr: &Expr,
        op: ArithmeticOp,
        left: &Expr,
        right: &Expr,
    ) -> Result<Typed, CompileError> {
        let origin = expr.origin;
        match (self.expr(left)?, self.expr(right)?) {
            (Typed::Int(a), Typed::Int(b)) => {
                let bases = [left, right].map(|side| side.ty.base.clone());
                integers(op, a, b, &expr.ty.base, bases, origin).map(Typed::Int)
            }
            (Typed::Float(a), Typed::Float(b)) => Ok(Typed::Float(floats(op, a, b, origin))),
            (Typed::Decimal(a), Typed::Decimal(b)) => match (&left.ty.base, &right.ty.base, &expr.ty.base) {
                (
                    Base::Decimal { scale: s1, .. },
                    Base::Decimal { scale: s2, .. },
                    Base::Decimal { precision, scale },
                ) => Ok(Typed::Decimal(decimals(op, (a, *s1), (b, *s2), (*precision, *scale), origin))),
                _ => Err(error(origin, "decimals of unknown scale")),
            },
            _ => Err(error(origin, format!("cannot compute with `{}` and `{}`", left.ty, right.ty))),
        }
    }

    pub(super) fn negate(&mut self, inner: &Expr, origin: Origin) -> Result<Typed, CompileError> {
        Ok(match self.expr(inner)? {
            Typed::Int(source) => Typed::Int(source.map(move |row, value| {
                value.checked_neg().or_else(|| row.fail("overflow", origin, || format!("-({value}) is beyond int64")))
            })),
            Typed::Float(source) => Typed::Float(source.map(|_, value| Some(-value))),
            Typed::Decimal(source) => Typed::Decimal(source.map(|_, value| Some(value.wrapping_neg()))),
            _ => return Err(error(origin, format!("cannot negate `{}`", inner.ty))),
        })
    }
}

/// An integer as its type shows it.
pub(crate) fn show_int(value: i64, base: &Base) -> String {
    let mut out = Vec::new();
    match base {
        Base::Timestamp => write_timestamp(value, &mut out),
        Base::LocalTimestamp => write_local_timestamp(value, &mut out),
        Base::Duration => write_duration(value, &mut out),
        Base::Date => crate::convert::write_date(value as i32, &mut out),
        Base::Time => crate::convert::write_time(value, &mut out),
        _ => return value.to_string(),
    }
    String::from_utf8(out).unwrap_or_default()
}

/// A decimal as it is written.
pub(crate) fn show_decimal(value: i128, scale: u8) -> String {
    let mut out = Vec::new();
    write_decimal(value, scale, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn symbol(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Subtract => "-",
        ArithmeticOp::Multiply => "*",
        ArithmeticOp::Divide => "/",
        ArithmeticOp::Remainder => "%",
    }
}

#[cold]
pub(crate) fn by_zero<T>(row: &Row<'_>, origin: Origin, left: impl FnOnce() -> String) -> Option<T> {
    row.fail("division-by-zero", origin, || format!("{} divided by zero", left()))
}

fn integers(
    op: ArithmeticOp,
    a: Source<i64>,
    b: Source<i64>,
    result: &Base,
    bases: [Base; 2],
    origin: Origin,
) -> Result<Source<i64>, CompileError> {
    let instant = matches!(result, Base::Timestamp | Base::LocalTimestamp);
    let shown = result.clone();
    let overflow = move |row: &Row<'_>, a: i64, b: i64| -> Option<i64> {
        row.fail("overflow", origin, || {
            let [left, right] = &bases;
            format!("{} {} {} is beyond {shown}", show_int(a, left), symbol(op), show_int(b, right))
        })
    };
    Ok(match op {
        ArithmeticOp::Add if instant => a.zip(b, move |row, a, b| {
            let sum = a.checked_add(b).filter(|sum| (MIN_INSTANT..=MAX_INSTANT).contains(sum));
            sum.or_else(|| overflow(row, a, b))
        }),
        ArithmeticOp::Subtract if instant => a.zip(b, move |row, a, b| {
            let sum = a.checked_sub(b).filter(|sum| (MIN_INSTANT..=MAX_INSTANT).contains(sum));
            sum.or_else(|| overflow(row, a, b))
        }),
        ArithmeticOp::Add => a.zip(b, move |row, a, b| a.checked_add(b).or_else(|| overflow(row, a, b))),
        ArithmeticOp::Subtract => a.zip(b, move |row, a, b| a.checked_sub(b).or_else(|| overflow(row, a, b))),
        ArithmeticOp::Multiply => a.zip(b, move |row, a, b| a.checked_mul(b).or_else(|| overflow(row, a, b))),
        ArithmeticOp::Remainder => a.zip(b, move |row, a, b| {
            // The one overflow, of the smallest number by -1, leaves no rest either.
            if b == 0 { by_zero(row, origin, || a.to_string()) } else { Some(a.wrapping_rem(b)) }
        }),
        ArithmeticOp::Divide => return Err(error(origin, "`/` of integers has no meaning")),
    })
}

fn floats(op: ArithmeticOp, a: Source<f64>, b: Source<f64>, origin: Origin) -> Source<f64> {
    // Infinity comes in only from outside: arithmetic on finite numbers does not make it.
    let finite = move |row: &Row<'_>, a: f64, b: f64, result: f64| -> Option<f64> {
        if result.is_infinite() && a.is_finite() && b.is_finite() {
            return row.fail("overflow", origin, || format!("{a:?} {} {b:?} is beyond float64", symbol(op)));
        }
        Some(result)
    };
    match op {
        ArithmeticOp::Add => a.zip(b, move |row, a, b| finite(row, a, b, a + b)),
        ArithmeticOp::Subtract => a.zip(b, move |row, a, b| finite(row, a, b, a - b)),
        ArithmeticOp::Multiply => a.zip(b, move |row, a, b| finite(row, a, b, a * b)),
        ArithmeticOp::Divide => {
            a.zip(
                b,
                move |row, a, b| {
                    if b == 0.0 { by_zero(row, origin, || format!("{a:?}")) } else { finite(row, a, b, a / b) }
                },
            )
        }
        ArithmeticOp::Remainder => {
            a.zip(b, move |row, a, b| if b == 0.0 { by_zero(row, origin, || format!("{a:?}")) } else { Some(a % b) })
        }
    }
}

fn decimals(
    op: ArithmeticOp,
    (a, s1): (Source<i128>, u8),
    (b, s2): (Source<i128>, u8),
    (precision, scale): (u8, u8),
    origin: Origin,
) -> Source<i128> {
    let overflow = move |row: &Row<'_>, a: i128, b: i128| -> Option<i128> {
        row.fail("overflow", origin, || {
            let (a, b) = (show_decimal(a, s1), show_decimal(b, s2));
            format!("{a} {} {b} is beyond decimal({precision}, {scale})", symbol(op))
        })
    };
    match op {
        ArithmeticOp::Add => {
            a.zip(b, move |row, a, b| decimal::add((a, s1), (b, s2), precision, scale).or_else(|| overflow(row, a, b)))
        }
        ArithmeticOp::Subtract => a.zip(b, move |row, a, b| {
            decimal::subtract((a, s1), (b, s2), precision, scale).or_else(|| overflow(row, a, b))
        }),
        ArithmeticOp::Multiply => {
            a.zip(b, move |row, a, b| decimal::multiply((a, s1), (b, s2), precision).or_else(|| overflow(row, a, b)))
        }
        ArithmeticOp::Divide => a.zip(b, move |row, a, b| {
            if b == 0 {
                return by_zero(row, origin, || show_decimal(a, s1));
            }
            decimal::divide((a, s1), (b, s2), precision, scale).or_else(|| overflow(row, a, b))
        }),
        ArithmeticOp::Remainder => a.zip(b, move |row, a, b| {
            if b == 0 {
                return by_zero(row, origin, || show_decimal(a, s1));
            }
            decimal::remainder((a, s1), (b, s2), precision).or_else(|| overflow(row, a, b))
        }),
    }
}
