//! Literals have no type of their own until they are needed in one: `5` beside a decimal has one digit, beside a float it
//! is a float. Knows which types a literal can take without loss, and rewrites it.
//!
//! `-5` counts as a literal.

use pipewright_plan::{Base, Expr, ExprKind, Literal};

/// Integers up to here are exact as `float64`.
const EXACT_IN_FLOAT: i64 = 1 << 53;

/// The value of an integer literal, with its sign.
pub fn literal_int(value: &Expr) -> Option<i64> {
    match &value.kind {
        ExprKind::Literal(Literal::Int(int)) if value.ty.base.is_integer() => Some(*int),
        ExprKind::Negate(inner) => literal_int(inner).and_then(i64::checked_neg),
        _ => None,
    }
}

/// The value of a string literal.
pub fn literal_text_value(value: &Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Literal(Literal::Text(text)) if value.ty.base.is_text() => Some(text),
        _ => None,
    }
}

/// The unscaled value and the scale of a decimal literal.
pub(super) fn literal_decimal(value: &Expr) -> Option<(i128, u8)> {
    match (&value.kind, &value.ty.base) {
        (ExprKind::Literal(Literal::Decimal(text)), Base::Decimal { scale, .. }) => Some((text.parse().ok()?, *scale)),
        (ExprKind::Negate(inner), _) => literal_decimal(inner).map(|(unscaled, scale)| (-unscaled, scale)),
        _ => None,
    }
}

/// An integer or decimal literal as an exact number.
fn number(value: &Expr) -> Option<(i128, u8)> {
    literal_int(value).map(|int| (i128::from(int), 0)).or_else(|| literal_decimal(value))
}

/// True for `5`, `-5`, `1.50`, `1e3`, `"a"`.
pub(super) fn is_number_or_text_literal(value: &Expr) -> bool {
    number(value).is_some() || literal_text_value(value).is_some() || literal_float(value)
}

fn literal_float(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Literal(Literal::Float(_)) => true,
        ExprKind::Negate(inner) => literal_float(inner),
        _ => false,
    }
}

/// The digits of a number without its sign, at least one.
pub(super) fn digits(value: i128) -> u8 {
    value.unsigned_abs().checked_ilog10().map_or(1, |log| log as u8 + 1)
}

/// The decimal type that an integer literal has beside a decimal.
pub(super) fn minimal_decimal(int: i64) -> Base {
    Base::Decimal { precision: digits(i128::from(int)), scale: 0 }
}

/// The literal in that type, if it is a literal and can be one without loss. A decimal literal becomes the nearest float:
/// that is what writing it as a float would have given.
pub fn retype(value: &Expr, base: &Base) -> Option<Expr> {
    let literal = match (&value.kind, base) {
        (ExprKind::Literal(Literal::Null), _) => Literal::Null,
        (_, Base::Int32) => Literal::Int(literal_int(value).filter(|int| i32::try_from(*int).is_ok())?),
        (_, Base::Int64) => Literal::Int(literal_int(value)?),
        (_, Base::Float64) => match number(value)? {
            (int, 0) if int.abs() > i128::from(EXACT_IN_FLOAT) => return None,
            (unscaled, scale) => Literal::Float(format!("{unscaled}e-{scale}").parse().ok()?),
        },
        (_, Base::Decimal { precision, scale }) => {
            let (unscaled, from) = number(value)?;
            let unscaled = if *scale >= from {
                unscaled.checked_mul(10i128.checked_pow(u32::from(scale - from))?)?
            } else {
                let factor = 10i128.checked_pow(u32::from(from - scale))?;
                if unscaled % factor != 0 {
                    return None;
                }
                unscaled / factor
            };
            if digits(unscaled) > *precision {
                return None;
            }
            Literal::Decimal(unscaled.to_string())
        }
        (_, Base::String) => Literal::Text(literal_text_value(value)?.to_owned()),
        (_, Base::Set(members)) => {
            let text = literal_text_value(value)?;
            members.iter().any(|member| member == text).then(|| Literal::Text(text.to_owned()))?
        }
        _ => return None,
    };
    let mut ty = base.clone().required();
    ty.nullable = literal == Literal::Null;
    Some(Expr { kind: ExprKind::Literal(literal), ty, origin: value.origin })
}
