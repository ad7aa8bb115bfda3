//! PostgreSQL's binary form of `numeric`: digits to the base 10,000, aligned at the decimal point.

/// At most 10 groups before the point and 10 behind it.
const GROUPS: usize = 20;

/// Writes length and value of `unscaled / 10^scale`.
pub(crate) fn put(out: &mut Vec<u8>, unscaled: i128, scale: u8) {
    let scale_digits = u32::from(scale);
    let mut value = unscaled.unsigned_abs();
    // Least significant group first.
    let mut groups = [0_u16; GROUPS];
    let mut count = 0;
    let mut push = |group: u128| {
        if let Some(slot) = groups.get_mut(count) {
            *slot = u16::try_from(group).unwrap_or(0);
            count += 1;
        }
    };
    let partial = scale_digits % 4;
    if partial > 0 {
        let unit = 10_u128.pow(partial);
        push(value % unit * 10_u128.pow(4 - partial));
        value /= unit;
    }
    let mut behind = scale_digits.div_ceil(4);
    for _ in 0..scale_digits / 4 {
        push(value % 10_000);
        value /= 10_000;
    }
    while value > 0 {
        push(value % 10_000);
        value /= 10_000;
    }
    let all = groups.get(..count).unwrap_or_default();
    let low = all.iter().position(|group| *group != 0).unwrap_or(count);
    let high = all.iter().rposition(|group| *group != 0).map_or(low, |it| it + 1);
    let digits = all.get(low..high).unwrap_or_default();
    if digits.is_empty() {
        behind = 1;
    }
    // The weight of the first group: 0 stands directly before the point.
    let weight = if digits.is_empty() { 0 } else { small(high) - small(behind as usize) - 1 };
    out.extend_from_slice(&i32::from(8 + 2 * small(digits.len())).to_be_bytes());
    out.extend_from_slice(&small(digits.len()).to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&(if unscaled < 0 { 0x4000_u16 } else { 0 }).to_be_bytes());
    out.extend_from_slice(&u16::from(scale).to_be_bytes());
    for group in digits.iter().rev() {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

fn small(number: usize) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    /// `weight: groups`.
    fn text(unscaled: i128, scale: u8) -> String {
        let mut out = Vec::new();
        put(&mut out, unscaled, scale);
        assert_eq!(i32::from_be_bytes(out[..4].try_into().unwrap()) as usize, out.len() - 4);
        let words: Vec<i16> = out[4..].chunks(2).map(|it| i16::from_be_bytes([it[0], it[1]])).collect();
        assert_eq!(words[0] as usize, words.len() - 4);
        assert_eq!(words[3], i16::from(scale));
        format!("{}{}: {:?}", if words[2] != 0 { "-" } else { "" }, words[1], &words[4..])
    }

    #[test]
    fn groups_are_aligned_at_the_point() {
        assert_eq!(text(1250, 2), "0: [12, 5000]");
        assert_eq!(text(-1, 5), "--2: [1000]");
        assert_eq!(text(0, 2), "0: []");
        assert_eq!(text(100_000_000, 0), "2: [1]");
        assert_eq!(text(10_000, 4), "0: [1]");
        assert_eq!(text(i128::from(u64::MAX), 0), "4: [1844, 6744, 737, 955, 1615]");
        assert_eq!(text(10_i128.pow(38) - 1, 38).len(), "-1: [".len() + 10 * 6 - 1);
    }
}
