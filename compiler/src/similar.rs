//! "Did you mean": the closest of some names, if one is close enough to be what was meant.
//!
//! Knows names only. A far-fetched guess is worse than none, so nothing is offered beyond a third of the name's length.

/// The closest candidate within a third of the name's length (at least one edit).
pub(crate) fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = (name.chars().count() / 3).max(1);
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= limit || plural_of(&lower, candidate))
        .min()
        .map(|(_, candidate)| candidate.to_string())
}

fn plural_of(name: &str, candidate: &str) -> bool {
    candidate.strip_suffix('s').is_some_and(|it| it == name) || name.strip_suffix('s').is_some_and(|it| it == candidate)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        assert_eq!(closest("partition", ["partitions", "key"]), Some("partitions".into()));
        assert_eq!(closest("oders", ["orders", "users"]), Some("orders".into()));
        assert_eq!(closest("customers", ["orders", "key"]), None);
        assert_eq!(closest("id", ["id"]), None);
    }
}
