//! `decimal(p, s)`: read exactly or not at all.

use super::{ConvertError, Out};
use crate::decimal::{fits, pow10};

/// Reads `-12.50`, `.5`, `1e3`: zeros beyond the scale are dropped, other digits are [`ConvertError::Inexact`], too many
/// digits before the point [`ConvertError::OutOfRange`]. Gives the unscaled value.
pub fn read_decimal(text: &[u8], precision: u8, scale: u8) -> Result<i128, ConvertError> {
    if text.len() <= 18
        && let Some(value) = short(text, scale)
    {
        return if fits(value, precision) { Ok(value) } else { Err(ConvertError::OutOfRange) };
    }
    long(text, precision, scale)
}

/// The common case: at most 18 characters, no exponent, no more fraction than the scale; no overflow is possible.
fn short(text: &[u8], scale: u8) -> Option<i128> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut value = 0i64;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + i64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let fraction = match point {
        Some(at) => digits.len() - at - 1,
        None => 0,
    };
    if digits.len() == usize::from(point.is_some()) {
        return None;
    }
    let missing = usize::from(scale).checked_sub(fraction)?;
    let value = i128::from(if negative { -value } else { value });
    value.checked_mul(pow10(missing as u8))
}

fn long(text: &[u8], precision: u8, scale: u8) -> Result<i128, ConvertError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    // value = mantissa * 10^exponent, the mantissa without the zeros at its end.
    let mut mantissa = 0i128;
    let mut exponent = 0i64;
    let mut zeros = 0u64;
    let mut wide = false;
    let (mut seen_digit, mut seen_point) = (false, false);
    let mut rest: &[u8] = &[];
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                seen_digit = true;
                exponent -= i64::from(seen_point);
                if *byte == b'0' {
                    zeros += u64::from(mantissa != 0 || wide);
                    continue;
                }
                // The zeros before this digit count after all.
                let next = u8::try_from(zeros + 1)
                    .ok()
                    .filter(|places| *places <= 38)
                    .and_then(|places| mantissa.checked_mul(pow10(places)))
                    .and_then(|value| value.checked_add(i128::from(byte - b'0')));
                zeros = 0;
                match next {
                    Some(value) => mantissa = value,
                    // Too many digits for any decimal; go on to see whether it is a number at all.
                    None => wide = true,
                }
            }
            b'.' if !seen_point => seen_point = true,
            b'e' | b'E' if seen_digit => {
                rest = digits.get(at + 1..).unwrap_or_default();
                if rest.is_empty() {
                    return Err(ConvertError::Malformed);
                }
                break;
            }
            _ => return Err(ConvertError::Malformed),
        }
    }
    if !seen_digit {
        return Err(ConvertError::Malformed);
    }
    if !rest.is_empty() {
        let written = super::read_int(rest).or_else(|error| match error {
            ConvertError::OutOfRange => Ok(if rest.first() == Some(&b'-') { i64::MIN / 4 } else { i64::MAX / 4 }),
            other => Err(other),
        })?;
        exponent = exponent.saturating_add(written);
    }
    if mantissa == 0 && !wide {
        return Ok(0);
    }
    // A mantissa of more than 38 digits fits nowhere: either before the point or after it there are too many.
    let places = exponent.saturating_add(zeros as i64).saturating_add(i64::from(scale));
    if places < 0 {
        return Err(ConvertError::Inexact);
    }
    if wide {
        return Err(ConvertError::OutOfRange);
    }
    let value = u8::try_from(places)
        .ok()
        .filter(|places| *places <= 38)
        .and_then(|places| mantissa.checked_mul(pow10(places)))
        .filter(|value| fits(*value, precision))
        .ok_or(ConvertError::OutOfRange)?;
    Ok(if negative { -value } else { value })
}

/// Writes all digits of the scale: `12.50`.
pub fn write_decimal(unscaled: i128, scale: u8, out: &mut impl Out) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(unscaled.unsigned_abs()).as_bytes();
    if unscaled < 0 {
        out.put(b"-");
    }
    let scale = usize::from(scale);
    if scale == 0 {
        return out.put(digits);
    }
    match digits.len().checked_sub(scale) {
        Some(whole) if whole > 0 => {
            let (whole, fraction) = digits.split_at(whole);
            out.put(whole);
            out.put(b".");
            out.put(fraction);
        }
        _ => {
            out.put(b"0.");
            for _ in digits.len()..scale {
                out.put(b"0");
            }
            out.put(digits);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use std::str::FromStr;

    use bigdecimal::BigDecimal;
    use bigdecimal::num_bigint::BigInt;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        use ConvertError::{Inexact, Malformed, OutOfRange};
        for (text, p, s, result) in [
            ("12.50", 12, 2, Ok(1250)),
            ("12.5", 12, 2, Ok(1250)),
            ("12.500000000000000000000000000000000000000000000", 12, 2, Ok(1250)),
            ("-0.05", 12, 2, Ok(-5)),
            (".5", 12, 2, Ok(50)),
            ("5.", 12, 2, Ok(500)),
            ("+5", 12, 2, Ok(500)),
            ("1e3", 12, 2, Ok(100_000)),
            ("1.25E1", 12, 2, Ok(1250)),
            ("1250e-2", 12, 2, Ok(1250)),
            ("0e999999999999999999999", 12, 2, Ok(0)),
            ("-0.00", 12, 1, Ok(0)),
            ("12.505", 12, 2, Err(Inexact)),
            ("1e-3", 12, 2, Err(Inexact)),
            ("1e-99999999999999999999", 12, 2, Err(Inexact)),
            ("1e99999999999999999999", 12, 2, Err(OutOfRange)),
            ("10000000000", 12, 2, Err(OutOfRange)),
            ("9999999999.99", 12, 2, Ok(999_999_999_999)),
            ("99999999999999999999999999999999999999", 38, 0, Ok(10i128.pow(38) - 1)),
            ("100000000000000000000000000000000000000", 38, 0, Err(OutOfRange)),
            ("999999999999999999999999999999999999999999999999", 38, 0, Err(OutOfRange)),
            ("0.99999999999999999999999999999999999999", 38, 38, Ok(10i128.pow(38) - 1)),
            ("", 12, 2, Err(Malformed)),
            ("-", 12, 2, Err(Malformed)),
            (".", 12, 2, Err(Malformed)),
            ("1.2.3", 12, 2, Err(Malformed)),
            ("1e", 12, 2, Err(Malformed)),
            ("e5", 12, 2, Err(Malformed)),
            ("12 ", 12, 2, Err(Malformed)),
            ("NaN", 12, 2, Err(Malformed)),
            ("999999999999999999999999999999999999999999999999x", 38, 0, Err(Malformed)),
        ] {
            assert_eq!(read_decimal(text.as_bytes(), p, s), result, "{text}");
        }
        for (unscaled, scale, text) in
            [(1250, 2, "12.50"), (-5, 2, "-0.05"), (0, 3, "0.000"), (7, 0, "7"), (5, 1, "0.5")]
        {
            let mut out = Vec::new();
            write_decimal(unscaled, scale, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    proptest! {
        #[test]
        fn round_trip(unscaled in -(10i128.pow(38) - 1)..10i128.pow(38), scale in 0u8..=38) {
            let mut out = Vec::new();
            write_decimal(unscaled, scale, &mut out);
            prop_assert_eq!(read_decimal(&out, 38, scale), Ok(unscaled));
        }

        #[test]
        fn agrees_with_bigdecimal(text in "-?[0-9]{1,25}(\\.[0-9]{0,20}0{0,4})?(e-?[0-9]{1,2})?", p in 1u8..=38, s in 0u8..=38) {
            prop_assume!(s <= p);
            let big = BigDecimal::from_str(&text).unwrap();
            let expected = {
                let scaled = big * BigDecimal::from(BigInt::from(10).pow(u32::from(s)));
                if !scaled.is_integer() {
                    None
                } else {
                    let (int, exponent) = scaled.with_scale(0).into_bigint_and_exponent();
                    prop_assert_eq!(exponent, 0);
                    i128::try_from(int).ok().filter(|int| fits(*int, p))
                }
            };
            prop_assert_eq!(read_decimal(text.as_bytes(), p, s).ok(), expected);
        }

        #[test]
        fn never_panics(text: Vec<u8>, p in 1u8..=38, s in 0u8..=38) {
            let _ = read_decimal(&text, p, s.min(p));
        }
    }
}
