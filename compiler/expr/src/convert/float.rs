//! `float64`: the nearest double, written with the fewest digits that read back as the same.

use super::{ConvertError, Out};

/// Reads a finite number. `NaN` and `Infinity` are no text of a number; neither is what overflows.
pub fn read_float(text: &[u8]) -> Result<f64, ConvertError> {
    // The parser takes `inf` and `nan`, which no digit starts.
    let first = text.iter().find(|byte| !matches!(byte, b'+' | b'-'));
    if !first.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return Err(ConvertError::Malformed);
    }
    let value: f64 = fast_float2::parse(text).map_err(|_| ConvertError::Malformed)?;
    if value.is_finite() { Ok(value) } else { Err(ConvertError::OutOfRange) }
}

/// Writes the shortest text that reads back as the same number: `1.5`, `1e300`; also `NaN`, `inf`, `-inf`.
pub fn write_float(value: f64, out: &mut impl Out) {
    out.put(ryu::Buffer::new().format(value).as_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        assert_eq!(read_float(b"1.25e1"), Ok(12.5));
        assert_eq!(read_float(b"-0"), Ok(0.0));
        assert_eq!(read_float(b"1e400"), Err(ConvertError::OutOfRange));
        for text in ["", "nan", "NaN", "inf", "-Infinity", "1x", " 1", "--1"] {
            assert_eq!(read_float(text.as_bytes()), Err(ConvertError::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
            let mut out = Vec::new();
            write_float(value, &mut out);
            prop_assert_eq!(read_float(&out), Ok(value));
        }
    }
}
