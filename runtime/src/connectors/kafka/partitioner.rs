//! From key bytes to a partition, as other clients do it: the one place where that is decided, for topics on servers, embedded
//! ones and those of `test`.
//!
//! Knows no client. Invariants: equal bytes give the same partition as the clients choose that the partitioner is named after;
//! whatever is a key has one partition, also the empty one.

use pipewright_plan::Partitioner;

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
fn crc32(data: &[u8]) -> u32 {
    crc32fast::hash(data)
}

/// The partition of a key. `None`: there is no key, and the record may go anywhere, as with all clients.
///
/// The empty key is a key. Java's clients hash it; librdkafka's `consistent` hashes it too, and its default
/// (`consistent_random`) puts it anywhere: hashed, it is where both of them may put it, and its records keep their order.
pub fn partition_of(partitioner: Partitioner, key: Option<&[u8]>, partitions: u32) -> Option<i32> {
    let key = key?;
    let hash = match partitioner {
        Partitioner::Murmur2 | Partitioner::Unknown => murmur2(key) & 0x7fff_ffff,
        Partitioner::Consistent => crc32(key),
    };
    i32::try_from(hash.checked_rem(partitions)?).ok()
}

/// Whether clients with this partitioner put records of this key on any partition, so that nobody can rely on their order.
pub fn scatters(partitioner: Partitioner, key: &[u8]) -> bool {
    match partitioner {
        Partitioner::Murmur2 | Partitioner::Unknown => false,
        Partitioner::Consistent => key.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

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
            ("", 0x106e_08d9, 0),
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
        for partitioner in [Partitioner::Murmur2, Partitioner::Consistent] {
            assert_eq!(partition_of(partitioner, None, 30), None);
            assert!(partition_of(partitioner, Some(b""), 30).is_some());
            assert_eq!(partition_of(partitioner, Some(b"a"), 0), None);
        }
        // librdkafka's default takes it as none.
        assert!(scatters(Partitioner::Consistent, b"") && !scatters(Partitioner::Consistent, b"a"));
        assert!(!scatters(Partitioner::Murmur2, b""));
    }
}
