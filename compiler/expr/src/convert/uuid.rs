//! `uuid`: 16 bytes, with hyphens as text.

use super::{ConvertError, Out};

/// Reads the usual forms: with hyphens or without, in either case.
pub fn read_uuid(text: &[u8]) -> Result<[u8; 16], ConvertError> {
    uuid::Uuid::try_parse_ascii(text).map(uuid::Uuid::into_bytes).map_err(|_| ConvertError::Malformed)
}

/// Writes with hyphens, lower case. What is not 16 bytes is written as hexadecimal digits.
pub fn write_uuid(bytes: &[u8], out: &mut impl Out) {
    match uuid::Uuid::from_slice(bytes) {
        Ok(uuid) => out.put(uuid.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).as_bytes()),
        Err(_) => {
            for byte in bytes {
                let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
                out.put(&[digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges() {
        let bytes = read_uuid(b"67E55044-10B1-426F-9247-BB680E5FE0C8").unwrap();
        assert_eq!(read_uuid(b"67e5504410b1426f9247bb680e5fe0c8"), Ok(bytes));
        assert_eq!(read_uuid(b"67e55044"), Err(ConvertError::Malformed));
    }

    proptest! {
        #[test]
        fn round_trip(bytes: [u8; 16]) {
            let mut out = Vec::new();
            write_uuid(&bytes, &mut out);
            prop_assert_eq!(read_uuid(&out), Ok(bytes));
        }
    }
}
