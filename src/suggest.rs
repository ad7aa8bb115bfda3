//! "Did you mean": the closest of some names, if one is close enough to be meant.

/// The closest name, if it differs by a slip of the finger or contains what was written.
pub fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = written.to_lowercase().replace(['_', ' '], "-");
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&folded, &name.to_lowercase().replace('_', "-")), name))
        .min()
        .filter(|(distance, _)| *distance <= (folded.chars().count() / 3).max(1))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_is_mended_and_a_stranger_is_not() {
        assert_eq!(closest("unknwon-option", ["unknown-option", "unknown-type"]), Some("unknown-option"));
        assert_eq!(closest("Unknown_Option", ["unknown-option"]), Some("unknown-option"));
        assert_eq!(closest("xyz", ["unknown-option"]), None);
    }
}
