//! From key bytes to a partition, as other clients do it, and from key fields to key bytes.
//!
//! Knows no client. Invariant: equal key fields give equal bytes, and those the same partition as Java's clients choose.

use pipewright_expr::Datum;
use pipewright_plan::{Base, Partitioner, Type};

/// Kafka's murmur2, as in Java's clients.
pub fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    let mut hash = 0x9747_b28c_u32 ^ (data.len() as u32);
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    for (index, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * index);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// CRC-32, as librdkafka's default partitioner uses it.
pub fn crc32(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}

/// The partition of a key; `None` for keys that may go anywhere. An empty key is a key to Java's clients, and none to librdkafka's default.
pub fn partition_of(partitioner: Partitioner, key: Option<&[u8]>, partitions: u32) -> Option<i32> {
    let hash = match (partitioner, key?) {
        (Partitioner::Murmur2 | Partitioner::Unknown, key) => murmur2(key) & 0x7fff_ffff,
        (Partitioner::Consistent, []) => return None,
        (Partitioner::Consistent, key) => crc32(key),
    };
    i32::try_from(hash.checked_rem(partitions)?).ok()
}

/// The bytes of a message key, from its parts (values and their types). `None`: no key.
///
/// | parts | bytes |
/// |---|---|
/// | none, or one that is null | no key |
/// | one | its text, UTF-8 without quotes: `10`, `12.50`, `true`, `DE`, `2026-11-23`, `2026-11-23T10:00:00Z`, a uuid with hyphens; `bytes` as they are |
/// | several | a JSON array without spaces: numbers and bools bare, null as `null`, everything else as the string above, `bytes` in base64 |
pub fn key_bytes(cells: &[Datum<'_>], types: &[Type]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(32);
    match (cells, types) {
        ([], _) | ([Datum::Null], _) => return None,
        ([Datum::Bytes(bytes)], [ty]) if ty.base != Base::Uuid => out.extend_from_slice(bytes),
        ([one], [ty]) => out.extend_from_slice(text(one, &ty.base).as_bytes()),
        _ => {
            out.push(b'[');
            for (index, (cell, ty)) in cells.iter().zip(types).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                json(cell, &ty.base, &mut out);
            }
            out.push(b']');
        }
    }
    Some(out)
}

fn json(cell: &Datum<'_>, base: &Base, out: &mut Vec<u8>) {
    let text = text(cell, base);
    let bare = match (cell, base) {
        (Datum::Null | Datum::Bool(_) | Datum::Decimal(_), _) => true,
        (Datum::Float(value), _) => value.is_finite(),
        (Datum::Int(_), base) => base.is_integer(),
        (Datum::Text(_), Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_)) => true,
        (Datum::Text(_) | Datum::Bytes(_), _) => false,
    };
    if bare {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.extend_from_slice(serde_json::Value::String(text).to_string().as_bytes());
    }
}

/// A value as text.
fn text(cell: &Datum<'_>, base: &Base) -> String {
    use base64::Engine;
    match (cell, base) {
        (Datum::Null, _) => "null".to_string(),
        (Datum::Bool(value), _) => value.to_string(),
        (Datum::Int(days), Base::Date) => date(*days),
        (Datum::Int(us), Base::Time) => time(*us),
        (Datum::Int(us), Base::Timestamp) => format!("{}Z", date_time(*us)),
        (Datum::Int(us), Base::LocalTimestamp) => date_time(*us),
        (Datum::Int(value), _) => itoa::Buffer::new().format(*value).to_string(),
        // Zero has one key, whatever its sign.
        (Datum::Float(value), _) if value.is_finite() => ryu::Buffer::new().format(*value + 0.0).to_string(),
        (Datum::Float(value), _) => value.to_string(),
        (Datum::Decimal(unscaled), Base::Decimal { scale, .. }) => decimal(*unscaled, usize::from(*scale)),
        (Datum::Decimal(unscaled), _) => unscaled.to_string(),
        (Datum::Text(text), _) => (*text).to_string(),
        (Datum::Bytes(bytes), Base::Uuid) => {
            uuid::Uuid::from_slice(bytes).map_or_else(|_| hex::encode(bytes), |it| it.to_string())
        }
        (Datum::Bytes(bytes), _) => base64::engine::general_purpose::STANDARD.encode(bytes),
    }
}

fn decimal(unscaled: i128, scale: usize) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

const US_PER_DAY: i64 = 86_400_000_000;

/// Days since 1970-01-01 as `YYYY-MM-DD`, proleptic Gregorian (Howard Hinnant's `civil_from_days`).
fn date(days: i64) -> String {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Microseconds of a day as `HH:MM:SS`, with a fraction where there is one.
fn time(us: i64) -> String {
    let seconds = us / 1_000_000;
    let whole = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match us % 1_000_000 {
        0 => whole,
        fraction => format!("{whole}.{}", format!("{fraction:06}").trim_end_matches('0')),
    }
}

fn date_time(us: i64) -> String {
    format!("{}T{}", date(us.div_euclid(US_PER_DAY)), time(us.rem_euclid(US_PER_DAY)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn murmur2_agrees_with_java() {
        // Apache Kafka, UtilsTest.testMurmur2
        for (key, hash) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
    }

    #[test]
    fn murmur2_agrees_with_librdkafka() {
        // librdkafka, rdmurmur2.c
        for (key, hash) in [
            ("kafka", 0xd067_cf64_u32),
            ("giberish123456789", 0x8f55_2b0c),
            ("1234", 0x9fc9_7b14),
            ("234", 0xe7c0_09ca),
            ("34", 0x8739_30da),
            ("4", 0x5a4b_5ca1),
            ("PreAmbleWillBeRemoved,ThePrePartThatIs", 0x7842_4f1c),
            ("reAmbleWillBeRemoved,ThePrePartThatIs", 0x4a62_b377),
            ("eAmbleWillBeRemoved,ThePrePartThatIs", 0xe0e4_e09e),
            ("AmbleWillBeRemoved,ThePrePartThatIs", 0x62b8_b43f),
            ("", 0x106e_08d9),
        ] {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
        }
    }

    #[test]
    fn partitions_agree_with_librdkafka() {
        // librdkafka, tests/0048-partitioner.c
        let long = "this is another string with more length to it perhaps";
        for (key, murmur, crc) in [
            ("23456", 0x058d_780f_u32, 0xb1b4_51d7_u32),
            (long, 0x4f77_03da, 0xb015_0df7),
            ("hejsan", 0x5ec1_9395, 0xd077_037e),
        ] {
            for partitions in [1, 3, 17, 30] {
                let murmur = Some((murmur % partitions) as i32);
                assert_eq!(partition_of(Partitioner::Murmur2, Some(key.as_bytes()), partitions), murmur);
                let crc = Some((crc % partitions) as i32);
                assert_eq!(partition_of(Partitioner::Consistent, Some(key.as_bytes()), partitions), crc);
            }
        }
    }

    #[test]
    fn an_empty_key_is_no_null_key() {
        assert_eq!(partition_of(Partitioner::Murmur2, Some(b""), 30), Some(0x106e_08d9 % 30));
        assert_eq!(partition_of(Partitioner::Consistent, Some(b""), 30), None);
        assert_eq!(partition_of(Partitioner::Murmur2, None, 30), None);
        assert_eq!(partition_of(Partitioner::Murmur2, Some(b"a"), 0), None);
    }

    fn key(parts: &[(Datum<'_>, Base)]) -> Option<String> {
        let (cells, types): (Vec<_>, Vec<_>) =
            parts.iter().cloned().map(|(cell, base)| (cell, base.optional())).unzip();
        key_bytes(&cells, &types).map(|it| String::from_utf8(it).unwrap())
    }

    #[test]
    fn one_part_is_text() {
        let decimal = |scale| Base::Decimal { precision: 38, scale };
        for (cell, base, text) in [
            (Datum::Int(10), Base::Int32, "10"),
            (Datum::Text("DE \"x\""), Base::String, "DE \"x\""),
            (Datum::Bool(true), Base::Bool, "true"),
            (Datum::Decimal(-5), decimal(2), "-0.05"),
            (Datum::Decimal(1250), decimal(2), "12.50"),
            (Datum::Decimal(7), decimal(0), "7"),
            (Datum::Decimal(i128::MIN), decimal(0), "-170141183460469231731687303715884105728"),
            (Datum::Float(1.5), Base::Float64, "1.5"),
            (Datum::Float(-0.0), Base::Float64, "0.0"),
            (Datum::Int(0), Base::Date, "1970-01-01"),
            (Datum::Int(20_780), Base::Date, "2026-11-23"),
            (Datum::Int(-719_162), Base::Date, "0001-01-01"),
            (Datum::Int(3_661_000_000), Base::Time, "01:01:01"),
            (Datum::Int(1_000_500_000), Base::Timestamp, "1970-01-01T00:16:40.5Z"),
            (Datum::Int(-1), Base::LocalTimestamp, "1969-12-31T23:59:59.999999"),
            (Datum::Bytes(&[0x12; 16]), Base::Uuid, "12121212-1212-1212-1212-121212121212"),
            (Datum::Bytes(b"raw"), Base::Bytes, "raw"),
        ] {
            assert_eq!(key(&[(cell, base)]).as_deref(), Some(text));
        }
        assert_eq!(key(&[(Datum::Null, Base::Int32)]), None);
        assert_eq!(key(&[]), None);
    }

    #[test]
    fn several_parts_are_a_json_array() {
        let parts = [
            (Datum::Int(10), Base::Int64),
            (Datum::Text("a\"b\n"), Base::String),
            (Datum::Null, Base::String),
            (Datum::Decimal(1250), Base::Decimal { precision: 10, scale: 2 }),
            (Datum::Int(0), Base::Date),
            (Datum::Bytes(&[1, 2]), Base::Bytes),
            (Datum::Text("{\"a\":1}"), Base::Json),
        ];
        assert_eq!(key(&parts).unwrap(), r#"[10,"a\"b\n",null,12.50,"1970-01-01","AQI=",{"a":1}]"#);
    }

    proptest! {
        #[test]
        fn every_key_has_a_partition(key: Vec<u8>, partitions in 1u32..1000) {
            let partition = partition_of(Partitioner::Murmur2, Some(&key), partitions).unwrap();
            prop_assert!((0..partitions as i32).contains(&partition));
        }

        #[test]
        fn different_text_keys_differ(a: (String, String), b: (String, String)) {
            let of = |pair: &(String, String)| {
                key(&[(Datum::Text(&pair.0), Base::String), (Datum::Text(&pair.1), Base::String)])
            };
            prop_assert_eq!(of(&a) == of(&b), a == b);
        }
    }
}
