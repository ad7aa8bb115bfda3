//! Whether a misspelt name can only be a slip of the finger, so that "did you mean" may be applied without asking.
//!
//! Knows the two names only. Says no when in doubt: `price_a` is one letter from `price_b` and another thing.

/// Words of other languages that mean exactly the same.
const SAME: &[(&str, &str)] = &[
    ("bigint", "int64"),
    ("binary", "bytes"),
    ("bytea", "bytes"),
    ("boolean", "bool"),
    ("double", "float64"),
    ("filter", "where"),
    ("jsonb", "json"),
    ("long", "int64"),
    ("str", "string"),
    ("text", "string"),
    ("timestamptz", "timestamp"),
    ("varchar", "string"),
];

/// One letter too many, too few, wrong or swapped with its neighbour; or other case and underscores.
pub(crate) fn is_slip(written: &str, meant: &str) -> bool {
    if SAME.contains(&(written.to_lowercase().as_str(), meant)) {
        return true;
    }
    let fold = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let (a, b) = (fold(written), fold(meant));
    if a == b {
        return true;
    }
    // In short names one letter is much of the name, and numbers count something.
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let last = |name: &str| name.rsplit(['_', '-']).next().map_or(0, |it| it.chars().count());
    a.chars().count().min(b.chars().count()) >= 4
        && digits(&a) == digits(&b)
        && (last(written) > 2 || last(meant) > 2 || written.rsplit('_').next() == meant.rsplit('_').next())
        && strsim::damerau_levenshtein(&a, &b) <= if b.chars().count() >= 8 { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn slips_are_told_from_other_names() {
        for (written, meant) in [
            ("amuont", "amount"),
            ("orderId", "order_id"),
            ("partition", "partitions"),
            ("VARCHAR", "string"),
            ("custmer_id", "customer_id"),
        ] {
            assert!(is_slip(written, meant), "{written} {meant}");
        }
        for (written, meant) in [
            ("price_b", "price_a"),
            ("line_1", "line_2"),
            ("ip", "id"),
            ("min", "max"),
            ("order_in", "order_id"),
            ("payed", "shipped"),
        ] {
            assert!(!is_slip(written, meant), "{written} {meant}");
        }
    }
}
