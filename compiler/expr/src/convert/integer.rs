//! `int32` and `int64`.

use super::{ConvertError, Out, read_decimal};

/// Reads an optional sign and digits.
pub fn read_int(text: &[u8]) -> Result<i64, ConvertError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return Err(ConvertError::Malformed);
    }
    if digits.len() <= 18 {
        // Eighteen digits cannot overflow: the loop needs no check.
        let mut value = 0i64;
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Err(ConvertError::Malformed);
            }
            value = value * 10 + i64::from(digit);
        }
        return Ok(if negative { -value } else { value });
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(ConvertError::Malformed);
    }
    let mut value = 0i64;
    for byte in digits {
        let digit = i64::from(byte - b'0');
        // Towards the sign, because the smallest number has no positive counterpart.
        let next = value
            .checked_mul(10)
            .and_then(|value| if negative { value.checked_sub(digit) } else { value.checked_add(digit) });
        value = next.ok_or(ConvertError::OutOfRange)?;
    }
    Ok(value)
}

/// Reads a number that may be written with a point or an exponent, if it is whole: `5`, `5.0`, `5e3`. For JSON and the like,
/// where such forms are the same number.
pub fn read_int_number(text: &[u8]) -> Result<i64, ConvertError> {
    match read_int(text) {
        Err(ConvertError::Malformed) => {
            let whole = read_decimal(text, 38, 0)?;
            i64::try_from(whole).map_err(|_| ConvertError::OutOfRange)
        }
        result => result,
    }
}

/// Writes the digits.
pub fn write_int(value: i64, out: &mut impl Out) {
    out.put(itoa::Buffer::new().format(value).as_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        for (text, result) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("+7", Ok(7)),
            ("007", Ok(7)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err(ConvertError::OutOfRange)),
            ("99999999999999999999999x", Err(ConvertError::Malformed)),
            ("", Err(ConvertError::Malformed)),
            ("-", Err(ConvertError::Malformed)),
            ("1.0", Err(ConvertError::Malformed)),
            (" 1", Err(ConvertError::Malformed)),
        ] {
            assert_eq!(read_int(text.as_bytes()), result, "{text}");
        }
        assert_eq!(read_int_number(b"5.00"), Ok(5));
        assert_eq!(read_int_number(b"5e3"), Ok(5000));
        assert_eq!(read_int_number(b"5.5"), Err(ConvertError::Inexact));
        assert_eq!(read_int_number(b"1e19"), Err(ConvertError::OutOfRange));
        assert_eq!(ConvertError::Malformed.reason(b"12x", "int64"), "`12x` is not an int64");
    }

    proptest! {
        #[test]
        fn round_trip(value: i64) {
            let mut out = Vec::new();
            write_int(value, &mut out);
            prop_assert_eq!(read_int(&out), Ok(value));
        }

        #[test]
        fn agrees_with_the_standard_library(text in "[+-]?[0-9]{0,21}") {
            prop_assert_eq!(read_int(text.as_bytes()).ok(), text.parse::<i64>().ok());
        }
    }
}
