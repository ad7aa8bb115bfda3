//! A fix is text that is right afterwards.

use super::check;

#[test]
fn fixes_mend_what_they_are_for() {
    for (text, expected) in [
        ("amuont + 1", "amount + 1"),
        ("status == paid", "status == \"paid\""),
        ("status == \"payed\"", "status == \"paid\""),
        ("weight == null", "weight is null"),
        ("(weight + 1) != null", "(weight + 1) is not null"),
        ("null == weight", "weight is null"),
        ("if flag then 1 else 2", "if flag ?? false then 1 else 2"),
        ("if weight > 1 then 1 else 2", "if (weight > 1) ?? false then 1 else 2"),
        ("name ?? \"x\"", "name"),
        ("(name) ?? (\"x\")", "(name)"),
        ("id / 2", "div(id, 2)"),
        ("(id + 1) / (small - 1)", "div(id + 1, small - 1)"),
        ("constant_one + 1", "constant_one() + 1"),
        ("customer.contry", "customer.country"),
    ] {
        let checked = check(text);
        let [finding] = checked.findings.as_slice() else { panic!("{text}: {:?}", checked.findings) };
        let fix = finding.fixes.first().unwrap_or_else(|| panic!("{text} has no fix"));
        let file = &checked.sources.files()[0].text;
        let mut edits = fix.edits.clone();
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut mended = file.clone();
        for (span, new) in edits {
            mended.replace_range(span.range(), &new);
        }
        let mended = mended.rsplit_once("derive v = ").unwrap().1.trim_end().to_owned();
        assert_eq!(mended, expected);
        if !expected.contains("div(") {
            assert_eq!(check(&mended).findings, [], "{mended}");
        }
    }
}
