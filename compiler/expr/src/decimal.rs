//! Decimal arithmetic: unscaled 128-bit integers and a scale beside them.
//!
//! Every result is checked against the precision it must have; `None` is an overflow (or, for division and remainder, a
//! zero divisor: the caller asks first). Only division and rounding round, half away from zero. Intermediates have 256 bits.

use std::cmp::Ordering;

use ethnum::I256;

const POWERS: [i128; 39] = {
    let mut powers = [1i128; 39];
    let mut at = 1;
    while at < 39 {
        #[allow(clippy::indexing_slicing)]
        {
            powers[at] = powers[at - 1] * 10;
        }
        at += 1;
    }
    powers
};

/// 10 to that power, at most 38.
pub fn pow10(exponent: u8) -> i128 {
    POWERS.get(usize::from(exponent)).copied().unwrap_or(i128::MAX)
}

/// 10 to that power, at most 76.
fn pow10_wide(exponent: u8) -> I256 {
    let first = exponent.min(38);
    I256::from(pow10(first)) * I256::from(pow10((exponent - first).min(38)))
}

/// True if the value has no more digits than that.
pub fn fits(value: i128, precision: u8) -> bool {
    value.unsigned_abs() < pow10(precision.min(38)).unsigned_abs()
}

fn checked(value: i128, precision: u8) -> Option<i128> {
    fits(value, precision).then_some(value)
}

fn narrow(value: I256, precision: u8) -> Option<i128> {
    i128::try_from(value).ok().and_then(|value| checked(value, precision))
}

/// The same value with a larger or equal scale.
pub fn extend(value: i128, from: u8, to: u8) -> Option<i128> {
    if from == to { Some(value) } else { value.checked_mul(pow10(to.checked_sub(from)?)) }
}

fn extend_wide(value: i128, from: u8, to: u8) -> I256 {
    I256::from(value) * pow10_wide(to.saturating_sub(from))
}

/// What an operand is: its unscaled value and its scale.
pub type Operand = (i128, u8);

/// `left + right` with that precision and scale; the scale is not below the operands'.
pub fn add(left: Operand, right: Operand, precision: u8, scale: u8) -> Option<i128> {
    match (extend(left.0, left.1, scale), extend(right.0, right.1, scale)) {
        (Some(left), Some(right)) => left.checked_add(right).and_then(|sum| checked(sum, precision)),
        _ => narrow(extend_wide(left.0, left.1, scale) + extend_wide(right.0, right.1, scale), precision),
    }
}

/// `left - right`, as [`add`].
pub fn subtract(left: Operand, right: Operand, precision: u8, scale: u8) -> Option<i128> {
    add(left, (right.0.checked_neg()?, right.1), precision, scale)
}

/// `left * right`; the scale of the result is the sum of the scales.
pub fn multiply(left: Operand, right: Operand, precision: u8) -> Option<i128> {
    left.0.checked_mul(right.0).and_then(|product| checked(product, precision))
}

/// `left / right` rounded to that scale.
pub fn divide(left: Operand, right: Operand, precision: u8, scale: u8) -> Option<i128> {
    if right.0 == 0 {
        return None;
    }
    // left/10^s1 / (right/10^s2) * 10^scale = left * 10^(scale + s2 - s1) / right
    let shift = i32::from(scale) + i32::from(right.1) - i32::from(left.1);
    if shift >= 0 {
        let shift = shift as u8;
        if let Some(numerator) = (shift <= 38).then(|| left.0.checked_mul(pow10(shift))).flatten() {
            return checked(divide_rounded(numerator, right.0)?, precision);
        }
        if shift > 76 {
            return None;
        }
        let numerator = I256::from(left.0).checked_mul(pow10_wide(shift))?;
        return narrow(divide_rounded_wide(numerator, I256::from(right.0)), precision);
    }
    let denominator = I256::from(right.0) * pow10_wide(shift.unsigned_abs() as u8);
    narrow(divide_rounded_wide(I256::from(left.0), denominator), precision)
}

/// `left % right`, with the sign of the dividend; the scale is the larger one.
pub fn remainder(left: Operand, right: Operand, precision: u8) -> Option<i128> {
    let scale = left.1.max(right.1);
    match (extend(left.0, left.1, scale), extend(right.0, right.1, scale)) {
        (Some(left), Some(right)) => left.checked_rem(right).and_then(|rest| checked(rest, precision)),
        _ => {
            let divisor = extend_wide(right.0, right.1, scale);
            if divisor == I256::ZERO {
                return None;
            }
            narrow(extend_wide(left.0, left.1, scale) % divisor, precision)
        }
    }
}

/// How a value is brought to fewer digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Half away from zero.
    HalfUp,
    /// Towards minus infinity.
    Floor,
    /// Towards infinity.
    Ceiling,
}

/// The value with another scale, rounded if it is smaller.
pub fn rescale(value: i128, from: u8, to: u8, precision: u8, rounding: Rounding) -> Option<i128> {
    if to >= from {
        return extend(value, from, to).and_then(|value| checked(value, precision));
    }
    let divisor = pow10(from - to);
    let rounded = match rounding {
        Rounding::HalfUp => divide_rounded(value, divisor)?,
        Rounding::Floor => value.div_euclid(divisor),
        Rounding::Ceiling => value.div_euclid(divisor) + i128::from(value.rem_euclid(divisor) != 0),
    };
    checked(rounded, precision)
}

fn divide_rounded(numerator: i128, denominator: i128) -> Option<i128> {
    let quotient = numerator.checked_div(denominator)?;
    let rest = numerator.checked_rem(denominator)?.unsigned_abs();
    let denominator_size = denominator.unsigned_abs();
    if rest >= denominator_size - rest {
        quotient.checked_add(if (numerator < 0) == (denominator < 0) { 1 } else { -1 })
    } else {
        Some(quotient)
    }
}

fn divide_rounded_wide(numerator: I256, denominator: I256) -> I256 {
    let quotient = numerator / denominator;
    let rest = (numerator % denominator).unsigned_abs();
    if rest >= denominator.unsigned_abs() - rest {
        quotient + if numerator.is_negative() == denominator.is_negative() { I256::ONE } else { -I256::ONE }
    } else {
        quotient
    }
}

/// Compares by value.
pub fn compare(left: Operand, right: Operand) -> Ordering {
    if left.1 == right.1 {
        return left.0.cmp(&right.0);
    }
    let scale = left.1.max(right.1);
    match (extend(left.0, left.1, scale), extend(right.0, right.1, scale)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => extend_wide(left.0, left.1, scale).cmp(&extend_wide(right.0, right.1, scale)),
    }
}

/// The nearest float.
pub fn to_float(value: i128, scale: u8) -> f64 {
    // Both exact as floats: one division rounds once.
    if value.unsigned_abs() < 1 << 53 && scale <= 22 {
        return value as f64 / pow10(scale) as f64;
    }
    let mut text = [0u8; 64];
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(value).as_bytes();
    let mut length = 0;
    for (slot, byte) in text.iter_mut().zip(digits.iter().chain(b"e-")) {
        *slot = *byte;
        length += 1;
    }
    let mut exponent = itoa::Buffer::new();
    for (slot, byte) in text.iter_mut().skip(length).zip(exponent.format(scale).as_bytes()) {
        *slot = *byte;
    }
    length += if scale > 9 { 2 } else { 1 };
    fast_float2::parse(text.get(..length).unwrap_or_default()).unwrap_or(f64::NAN)
}

/// The decimal nearest to the shortest text of the float; `None` if it does not fit or is not finite.
pub fn from_float(value: f64, precision: u8, scale: u8) -> Option<i128> {
    if !value.is_finite() {
        return None;
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    // At most 17 significant digits, `-1.2345e-7` at the worst.
    let (mut mantissa, mut places, mut point, mut exponent) = (0i128, 0i32, false, 0i32);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                places += i32::from(point);
            }
            b'.' => point = true,
            b'e' => {
                exponent = crate::convert::read_int(text.get(at + 1..)?).ok()? as i32;
                break;
            }
            _ => {}
        }
    }
    let mantissa = if value < 0.0 { -mantissa } else { mantissa };
    let shift = exponent - places + i32::from(scale);
    if mantissa == 0 || shift < -38 {
        return Some(0);
    }
    let unscaled = if shift >= 0 {
        mantissa.checked_mul(pow10(u8::try_from(shift).ok().filter(|shift| *shift <= 38)?))?
    } else {
        divide_rounded(mantissa, pow10(shift.unsigned_abs() as u8))?
    };
    checked(unscaled, precision)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use bigdecimal::num_bigint::BigInt;
    use bigdecimal::{BigDecimal, RoundingMode};
    use pipewright_plan::ArithmeticOp;
    use proptest::prelude::*;

    use super::*;
    use crate::typing::decimal_result;

    fn big(value: i128, scale: u8) -> BigDecimal {
        BigDecimal::new(BigInt::from(value), i64::from(scale))
    }

    fn unscaled(value: &BigDecimal, precision: u8, scale: u8) -> Option<i128> {
        let (int, _) = value.with_scale_round(i64::from(scale), RoundingMode::HalfUp).into_bigint_and_exponent();
        i128::try_from(int).ok().filter(|int| fits(*int, precision))
    }

    /// A value of a decimal type, small and large ones alike.
    fn operand() -> impl Strategy<Value = (i128, u8, u8)> {
        (1u8..=38).prop_flat_map(|p| (0..=p, Just(p), 1u8..=p)).prop_flat_map(|(s, p, digits)| {
            let limit = pow10(digits) - 1;
            (-limit..=limit, Just(p), Just(s))
        })
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_bigdecimal((a, p1, s1) in operand(), (b, p2, s2) in operand()) {
            let (x, y) = (big(a, s1), big(b, s2));
            for op in [ArithmeticOp::Add, ArithmeticOp::Subtract, ArithmeticOp::Multiply, ArithmeticOp::Divide, ArithmeticOp::Remainder] {
                let (p, s) = decimal_result(op, (p1, s1), (p2, s2));
                if p > 38 || s > 38 {
                    continue;
                }
                let (p, s) = ((p as u8).max(1), s as u8);
                let zero = b == 0;
                let (got, expected) = match op {
                    ArithmeticOp::Add => (add((a, s1), (b, s2), p, s), unscaled(&(&x + &y), p, s)),
                    ArithmeticOp::Subtract => (subtract((a, s1), (b, s2), p, s), unscaled(&(&x - &y), p, s)),
                    ArithmeticOp::Multiply => (multiply((a, s1), (b, s2), p), unscaled(&(&x * &y), p, s)),
                    ArithmeticOp::Divide if zero => (divide((a, s1), (b, s2), p, s), None),
                    ArithmeticOp::Divide => {
                        // Exact on integers: bigdecimal's own quotient is rounded before it is scaled.
                        let shift = i64::from(s) + i64::from(s2) - i64::from(s1);
                        let (mut n, mut d) = (BigInt::from(a), BigInt::from(b));
                        if shift >= 0 { n *= BigInt::from(10).pow(shift as u32) } else { d *= BigInt::from(10).pow(-shift as u32) }
                        let sign = if (a < 0) == (b < 0) { 1 } else { -1 };
                        let (n, d) = (BigInt::from(n.magnitude().clone()), BigInt::from(d.magnitude().clone()));
                        let q = (&n * 2 + &d) / (&d * 2) * sign;
                        (divide((a, s1), (b, s2), p, s), i128::try_from(q).ok().filter(|q| fits(*q, p)))
                    }
                    ArithmeticOp::Remainder if zero => (remainder((a, s1), (b, s2), p), None),
                    ArithmeticOp::Remainder => (remainder((a, s1), (b, s2), p), unscaled(&(&x % &y), p, s)),
                };
                prop_assert_eq!(got, expected, "{} {:?} {} as ({}, {})", x, op, y, p, s);
                // The rules leave room for every result of what never rounds.
                if !matches!(op, ArithmeticOp::Divide | ArithmeticOp::Remainder) {
                    prop_assert!(got.is_some());
                }
            }
            prop_assert_eq!(compare((a, s1), (b, s2)), x.cmp(&y));
        }

        #[test]
        fn rounding_agrees_with_bigdecimal((a, _, s) in operand(), to in 0u8..=38) {
            for (rounding, mode) in [
                (Rounding::HalfUp, RoundingMode::HalfUp),
                (Rounding::Floor, RoundingMode::Floor),
                (Rounding::Ceiling, RoundingMode::Ceiling),
            ] {
                let (int, _) = big(a, s).with_scale_round(i64::from(to), mode).into_bigint_and_exponent();
                let expected = i128::try_from(int).ok().filter(|int| fits(*int, 38));
                prop_assert_eq!(rescale(a, s, to, 38, rounding), expected);
            }
        }

        #[test]
        fn floats_are_the_nearest((a, _, s) in operand()) {
            let expected: f64 = format!("{a}e-{s}").parse().unwrap();
            prop_assert_eq!(to_float(a, s), expected);
        }

        #[test]
        fn decimals_of_floats_round_half_up(value in -1e12f64..1e12, s in 0u8..=10) {
            let shortest: BigDecimal = ryu::Buffer::new().format(value).parse().unwrap();
            prop_assert_eq!(from_float(value, 38, s), unscaled(&shortest, 38, s));
        }
    }

    #[test]
    fn edges() {
        assert_eq!(divide((1, 0), (3, 0), 38, 6), Some(333_333));
        assert_eq!(divide((-2, 0), (3, 0), 38, 6), Some(-666_667));
        assert_eq!(divide((1, 0), (0, 0), 38, 6), None);
        assert_eq!(remainder((-7, 0), (3, 0), 38), Some(-1));
        assert_eq!(rescale(125, 2, 1, 38, Rounding::HalfUp), Some(13));
        assert_eq!(rescale(-125, 2, 1, 38, Rounding::HalfUp), Some(-13));
        assert_eq!(multiply((pow10(38) - 1, 0), (2, 0), 38), None);
        assert_eq!(from_float(1e40, 38, 0), None);
        assert_eq!(from_float(1e-300, 38, 2), Some(0));
        assert_eq!(from_float(1.005, 12, 2), Some(101));
    }
}
