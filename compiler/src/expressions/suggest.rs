//! Which known name a misspelt one was meant to be.

/// The closest of the known names, if one is close enough to be meant.
pub(crate) fn closest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let wanted = fold(name);
    let limit = match wanted.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        n => n / 3,
    };
    let letters = letters(&wanted);
    known
        .into_iter()
        // Each edit adds or takes away at most two kinds of letters. Comparing a thousand misspelt names with a thousand known
        // ones would take longer than all the rest.
        .filter(|candidate| (letters ^ self::letters(&fold(candidate))).count_ones() as usize <= 2 * limit)
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &fold(candidate)), candidate))
        // `id` is one letter away from `ip`, but half of it: at least a half must stay.
        .filter(|(distance, candidate)| {
            *distance <= limit && *distance * 2 <= wanted.chars().count().max(candidate.chars().count())
        })
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Which letters a name has, folded into 64 kinds.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |set, byte| set | 1 << (byte & 63))
}

/// Without what people vary: case, and the underscores of `orderId`.
fn fold(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn suggests_only_what_is_close() {
        let known = ["amount", "order_id", "status", "id"];
        for (written, expected) in [
            ("amuont", Some("amount")),
            ("orderId", Some("order_id")),
            ("Status", Some("status")),
            ("ID", Some("id")),
            ("customer", None),
            ("x", None),
        ] {
            assert_eq!(closest(written, known).as_deref(), expected, "{written}");
        }
    }
}
