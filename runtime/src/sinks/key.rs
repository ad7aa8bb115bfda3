//! Keys as bytes: equal keys are equal bytes, and bytes compare as their values do.
//!
//! In a chunk of an upsert sink every row is preceded by its key, its version (if the sink has one) and the two lengths, so
//! that the last version of a key can be found again at any time. Knows nothing of any database.

use pipewright_expr::Datum;

/// Bytes of the two lengths before a row.
const LENGTHS: usize = 8;

/// Adds a value so that bytes compare as values do; null is the least.
pub(crate) fn push(bytes: &mut Vec<u8>, value: &Datum<'_>) {
    match value {
        Datum::Null => bytes.push(0),
        Datum::Bool(it) => bytes.extend_from_slice(&[1, u8::from(*it)]),
        Datum::Int(it) => {
            bytes.push(2);
            bytes.extend_from_slice(&(it.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        }
        Datum::Float(it) => {
            let bits = it.to_bits();
            let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
            bytes.push(3);
            bytes.extend_from_slice(&ordered.to_be_bytes());
        }
        Datum::Decimal(it) => {
            bytes.push(4);
            bytes.extend_from_slice(&(it.cast_unsigned() ^ (1 << 127)).to_be_bytes());
        }
        Datum::Text(it) => escaped(bytes, 5, it.as_bytes()),
        Datum::Bytes(it) => escaped(bytes, 6, it),
    }
}

/// Text of any length, ended so that a longer one is greater and nothing behind it is mistaken for it.
fn escaped(bytes: &mut Vec<u8>, tag: u8, text: &[u8]) {
    bytes.push(tag);
    let mut rest = text;
    while let Some(zero) = memchr::memchr(0, rest) {
        let (before, after) = rest.split_at(zero);
        bytes.extend_from_slice(before);
        bytes.extend_from_slice(&[0, 0xff]);
        rest = after.get(1..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest);
    bytes.extend_from_slice(&[0, 1]);
}

/// Ends the part before a row: key from `start` to `version`, version from there to the end.
pub(crate) fn push_lengths(bytes: &mut Vec<u8>, start: usize, version: usize) {
    let key_len = u32::try_from(version - start).unwrap_or(u32::MAX);
    let version_len = u32::try_from(bytes.len() - version).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&key_len.to_le_bytes());
    bytes.extend_from_slice(&version_len.to_le_bytes());
}

/// Key and version of the row that begins at `row`.
pub(crate) fn before(bytes: &[u8], row: u32) -> (&[u8], &[u8]) {
    split(bytes, row as usize).unwrap_or_default()
}

fn split(bytes: &[u8], row: usize) -> Option<(&[u8], &[u8])> {
    let end = row.checked_sub(LENGTHS)?;
    let (key_len, version_len) = bytes.get(end..row)?.split_at_checked(4)?;
    let key_len = u32::from_le_bytes(key_len.try_into().ok()?) as usize;
    let version_len = u32::from_le_bytes(version_len.try_into().ok()?) as usize;
    let version_start = end.checked_sub(version_len)?;
    let key_start = version_start.checked_sub(key_len)?;
    Some((bytes.get(key_start..version_start)?, bytes.get(version_start..end)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes_of(values: &[Datum<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        values.iter().for_each(|it| push(&mut bytes, it));
        bytes
    }

    proptest! {
        #[test]
        fn bytes_compare_as_values(
            a in any::<(i64, String, i128, Vec<u8>)>(), b in any::<(i64, String, i128, Vec<u8>)>(), same in any::<bool>()
        ) {
            let b = if same { (a.0, b.1, b.2, b.3) } else { b };
            let values = |it: &(i64, String, i128, Vec<u8>)| {
                bytes_of(&[Datum::Int(it.0), Datum::Text(&it.1), Datum::Decimal(it.2), Datum::Bytes(&it.3)])
            };
            prop_assert_eq!(values(&a).cmp(&values(&b)), a.cmp(&b));
        }

        #[test]
        fn floats_compare_as_floats(a in -1e9..1e9f64, b in -1e9..1e9f64) {
            prop_assert_eq!(bytes_of(&[Datum::Float(a)]).cmp(&bytes_of(&[Datum::Float(b)])), a.partial_cmp(&b).unwrap());
        }
    }

    #[test]
    fn a_zero_byte_does_not_end_a_text() {
        assert!(bytes_of(&[Datum::Text("a"), Datum::Text("b")]) < bytes_of(&[Datum::Text("a\0"), Datum::Text("")]));
        assert!(bytes_of(&[Datum::Null]) < bytes_of(&[Datum::Int(i64::MIN)]));
    }
}
