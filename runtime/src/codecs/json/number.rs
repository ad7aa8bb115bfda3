//! JSON numbers: their grammar, and their exact values. No number passes through a float unless the field is one.

use super::problem::{Malformed, What};
use crate::codecs::problem::Misfit;

/// Where the number that starts at `at` ends, and whether it is written without fraction and exponent.
#[inline(always)]
pub(super) fn number_end(bytes: &[u8], at: usize) -> Result<(usize, bool), Malformed> {
    let mut end = at;
    if bytes.get(end) == Some(&b'-') {
        end += 1;
    }
    match bytes.get(end) {
        Some(b'0') => end += 1,
        Some(b'1'..=b'9') => end = digits(bytes, end + 1),
        _ => return Err(Malformed::at(end, What::Number)),
    }
    match bytes.get(end) {
        Some(b'.' | b'e' | b'E') => fraction_end(bytes, end).map(|end| (end, false)),
        // `01` is no number; the caller would see it as text behind one, this says it better.
        Some(b'0'..=b'9') => Err(Malformed::at(end, What::Number)),
        _ => Ok((end, true)),
    }
}

fn fraction_end(bytes: &[u8], mut at: usize) -> Result<usize, Malformed> {
    let some_digits = |from: usize| {
        let end = digits(bytes, from);
        if end > from { Ok(end) } else { Err(Malformed::at(end, What::Number)) }
    };
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = some_digits(at)?;
    }
    Ok(at)
}

#[inline(always)]
fn digits(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// The value of a number, if it is a whole one in the range of an int64.
#[inline]
pub(super) fn integer(number: &[u8]) -> Result<i64, Misfit> {
    let (negative, text) = match number {
        [b'-', text @ ..] => (true, text),
        text => (false, text),
    };
    if text.len() <= 18 {
        let mut value = 0i64;
        let mut plain = true;
        for &byte in text {
            plain &= byte.is_ascii_digit();
            value = value * 10 + i64::from(byte.wrapping_sub(b'0') & 15);
        }
        if plain {
            return Ok(if negative { -value } else { value });
        }
    }
    scaled(number, 0).and_then(|value| i64::try_from(value).map_err(|_| Misfit::TooLarge))
}

/// The value of a number as a decimal, unscaled.
pub(super) fn decimal(number: &[u8], precision: u8, scale: u8) -> Result<i128, Misfit> {
    let value = scaled(number, scale)?;
    let limit = 10u128.checked_pow(u32::from(precision)).unwrap_or(u128::MAX);
    if value.unsigned_abs() < limit { Ok(value) } else { Err(Misfit::TooLarge) }
}

/// number · 10^scale, exactly; an error if that is not a whole number of at most 38 digits.
fn scaled(number: &[u8], scale: u8) -> Result<i128, Misfit> {
    let (negative, text) = match number {
        [b'-', text @ ..] => (true, text),
        text => (false, text),
    };
    let (mantissa, exponent) = match memchr::memchr2(b'e', b'E', text) {
        Some(at) => (text.get(..at).unwrap_or_default(), exponent(text.get(at + 1..).unwrap_or_default())),
        None => (text, 0),
    };
    let mut value = 0i128;
    // Zeros are only multiplied in when a digit follows, so that trailing zeros never overflow.
    let (mut count, mut zeros, mut places, mut in_fraction) = (0i64, 0i64, 0i64, false);
    for &byte in mantissa {
        match byte {
            b'.' => in_fraction = true,
            b'0' => {
                places += i64::from(in_fraction);
                zeros += i64::from(count > 0);
            }
            digit => {
                places += i64::from(in_fraction);
                count += zeros + 1;
                if count > 38 {
                    // More significant digits than any type holds; which limit it breaks depends on where the point is.
                    return Err(if count - places + exponent > 38 { Misfit::TooLarge } else { Misfit::TooFine });
                }
                value = value * power(zeros + 1) + i128::from(digit - b'0');
                zeros = 0;
            }
        }
    }
    if count == 0 {
        return Ok(0);
    }
    let shift = zeros - places + exponent + i64::from(scale);
    if shift < 0 {
        return Err(Misfit::TooFine);
    }
    if count + shift > 38 {
        return Err(Misfit::TooLarge);
    }
    value *= power(shift);
    Ok(if negative { -value } else { value })
}

/// 10^n for n between 0 and 38.
fn power(n: i64) -> i128 {
    u32::try_from(n).ok().and_then(|n| 10i128.checked_pow(n)).unwrap_or(1)
}

/// The exponent; far out ones are cut, their sign is all that counts then.
fn exponent(text: &[u8]) -> i64 {
    const FAR: i64 = 1 << 40;
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let value = digits.iter().fold(0i64, |sum, &digit| (sum * 10 + i64::from(digit.wrapping_sub(b'0') & 15)).min(FAR));
    if negative { -value } else { value }
}

/// The nearest float64; an error if that is infinite.
pub(super) fn float(number: &[u8]) -> Result<f64, Misfit> {
    match fast_float2::parse::<f64, _>(number) {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(Misfit::TooLarge),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_by_value_not_by_spelling() {
        let read = |text: &str| integer(text.as_bytes());
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("5.0", 5),
            ("5e0", 5),
            ("-12.50e1", -125),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("1000000000000000000000e-3", 1_000_000_000_000_000_000),
            ("0e99999999999999999999", 0),
            ("0.000", 0),
        ] {
            assert_eq!(read(text), Ok(value), "{text}");
        }
        for (text, why) in [
            ("5.5", Misfit::TooFine),
            ("1e-1", Misfit::TooFine),
            ("9223372036854775808", Misfit::TooLarge),
            ("1e19", Misfit::TooLarge),
            ("1e99999999999999999999", Misfit::TooLarge),
            ("1e-99999999999999999999", Misfit::TooFine),
            ("123456789012345678901234567890123456789012345", Misfit::TooLarge),
            ("0.123456789012345678901234567890123456789012345", Misfit::TooFine),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let read = |text: &str| decimal(text.as_bytes(), 12, 2);
        assert_eq!(read("10.5"), Ok(1050));
        assert_eq!(read("10.500000"), Ok(1050));
        assert_eq!(read("-1.5e-1"), Ok(-15));
        assert_eq!(read("9999999999.99"), Ok(999_999_999_999));
        assert_eq!(read("10000000000"), Err(Misfit::TooLarge));
        assert_eq!(read("0.001"), Err(Misfit::TooFine));
        let most = "9".repeat(38);
        assert_eq!(decimal(most.as_bytes(), 38, 0), Ok(10i128.pow(38) - 1));
        assert_eq!(decimal(format!("-0.{most}").as_bytes(), 38, 38), Ok(1 - 10i128.pow(38)));
        assert_eq!(decimal(b"1.0", 38, 38), Err(Misfit::TooLarge));
    }

    proptest! {
        #[test]
        fn whole_numbers_survive(value in any::<i64>(), zeros in 0usize..5) {
            prop_assert_eq!(integer(value.to_string().as_bytes()), Ok(value));
            if value.unsigned_abs() < 1 << 60 && zeros > 0 {
                prop_assert_eq!(integer(format!("{value}.{}", "0".repeat(zeros)).as_bytes()), Ok(value));
            }
        }

        #[test]
        fn shifting_the_point_changes_nothing(value in -10i128.pow(30)..10i128.pow(30), shift in -8i32..8) {
            let text = format!("{value}e{shift}");
            let read = scaled(text.as_bytes(), 8);
            if shift >= 0 {
                prop_assert_eq!(read.ok(), value.checked_mul(10i128.pow(shift as u32 + 8)).filter(|v| v.unsigned_abs() < 10u128.pow(38)));
            } else {
                prop_assert_eq!(read, Ok(value * 10i128.pow((shift + 8) as u32)));
            }
        }
    }
}
