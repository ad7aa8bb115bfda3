//! Implicit widenings: lossless, and mostly nothing to do at run time.

use pipewright_plan::{Base, Expr, Origin, Type};

use super::{CompileError, Compiler, Typed, error};
use crate::decimal;

impl Compiler<'_> {
    pub(crate) fn widen(&mut self, inner: &Expr, to: &Type, origin: Origin) -> Result<Typed, CompileError> {
        if inner.ty.base == Base::Null {
            if matches!(inner.kind, pipewright_plan::ExprKind::Literal(_)) {
                return Ok(Typed::constant(&to.base, crate::Datum::Null));
            }
            // It gives no value, but it may fail: that is what `fail("…")` is for.
            let typed = self.expr(inner)?;
            return Ok(Typed::from_datum(&to.base, move |row| {
                typed.datum(row);
                crate::Datum::Null
            }));
        }
        let typed = self.expr(inner)?;
        Ok(match (typed, &inner.ty.base, &to.base) {
            (Typed::Int(source), from, Base::Decimal { precision, scale }) if from.is_integer() => {
                let (precision, scale) = (*precision, *scale);
                Typed::Decimal(source.map(move |row, value| {
                    decimal::rescale(i128::from(value), 0, scale, precision, decimal::Rounding::HalfUp).or_else(|| {
                        row.fail("overflow", origin, || format!("{value} is beyond decimal({precision}, {scale})"))
                    })
                }))
            }
            (Typed::Int(source), from, Base::Float64) if from.is_integer() => {
                Typed::Float(source.map(|_, value| Some(value as f64)))
            }
            (Typed::Decimal(source), Base::Decimal { scale: from, .. }, Base::Decimal { precision, scale }) => {
                let (from, precision, scale) = (*from, *precision, *scale);
                if from == scale {
                    return Ok(Typed::Decimal(source));
                }
                Typed::Decimal(source.map(move |row, value| {
                    decimal::rescale(value, from, scale, precision, decimal::Rounding::HalfUp).or_else(|| {
                        row.fail("overflow", origin, || {
                            let value = super::arithmetic::show_decimal(value, from);
                            format!("{value} is beyond decimal({precision}, {scale})")
                        })
                    })
                }))
            }
            (Typed::Decimal(source), Base::Decimal { scale, .. }, Base::Float64) => {
                let scale = *scale;
                Typed::Float(source.map(move |_, value| Some(decimal::to_float(value, scale))))
            }
            // The same representation: integers among themselves, sets and strings, nested values (their text is read
            // by the type it is read as), `T` to `T?`.
            (typed, from, to) if super::representation(from) == super::representation(to) => typed,
            (_, from, to) => return Err(error(origin, format!("`{from}` does not widen to `{to}`"))),
        })
    }
}
