//! What holds for every text: reading does not panic, places lie in the text, formatting changes nothing but layout.

use crate::support;

use std::sync::LazyLock;

use pipewright_grammar::{Problem, SourceId, format, parse};
use proptest::prelude::*;

static GOOD: LazyLock<Vec<String>> =
    LazyLock::new(|| support::programs("good").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect());

const WORDS: &[&str] = &[
    "pipeline",
    "import",
    "connection",
    "type",
    "fn",
    "param",
    "source",
    "topic",
    "lookup",
    "transform",
    "sink",
    "test",
    "from",
    "to",
    "on",
    "as",
    "by",
    "where",
    "check",
    "derive",
    "select",
    "drop",
    "rename",
    "optional",
    "left",
    "join",
    "within",
    "flatten",
    "dedupe",
    "window",
    "tumbling",
    "group",
    "route",
    "when",
    "otherwise",
    "repartition",
    "events",
    "table",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "like",
    "between",
    "if",
    "then",
    "else",
    "match",
    "true",
    "given",
    "expect",
    "advance",
    "restart",
    "delete",
    "list<",
    "map<",
    ">",
    "decimal(12, 2)",
    "a",
    "b_c",
    "Type",
    "`a b`",
    "1",
    "2.5",
    "1e9",
    "5m",
    "8MiB",
    "1%",
    "@2026-01-01",
    "@key",
    "\"text\"",
    "\"open",
    "\"\"\"",
    "r\"x\"",
    "f\"{a}\"",
    "f\"{",
    "f\"{f\"{b}\"}\"",
    "'x'",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "=",
    "==",
    "!=",
    "<=",
    "<",
    "=>",
    "~",
    "!~",
    "+",
    "-",
    "*",
    "/",
    "%",
    "??",
    "?",
    ",",
    ":",
    ".",
    "|",
    "||",
    "&&",
    "!",
    "<>",
    ";",
    "//",
    "#",
    "##",
    "###",
    "\\",
    "é",
    "“",
    "\u{200b}",
    "\u{feff}",
    "а",
    "😀",
    "\0",
    "<<<<<<< x",
    "=======",
    ">>>>>>> y",
];

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(" "), 3 => Just("\n"), 1 => Just(""), 1 => Just("\n\n"), 1 => Just("\r\n"), 1 => Just("\n  | "), 1 => Just(" # c\n")]
}

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec((prop::sample::select(WORDS), blank()), 0..60)
        .prop_map(|parts| parts.into_iter().flat_map(|(word, blank)| [word, blank]).collect())
}

/// A good program with some of its text removed, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0_usize..12, prop::option::of(prop::sample::select(WORDS)), blank());
    (any::<prop::sample::Index>(), prop::collection::vec(edit, 1..6)).prop_map(|(which, edits)| {
        let mut text: Vec<char> = which.get(&GOOD).chars().collect();
        for (at, len, word, blank) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + len).min(text.len());
            let new = word.map_or(String::new(), |word| format!("{blank}{word}{blank}"));
            text.splice(at..end, new.chars());
        }
        text.into_iter().collect()
    })
}

/// A good program with other blanks, line breaks and comments; some results are no longer good.
fn relaid() -> impl Strategy<Value = String> {
    let edit = (
        any::<prop::sample::Index>(),
        prop::sample::select(&["\n", " ", "\n\n\n", " # c\n", "\n# c\n", "\n  # c\n", ",", "\t"][..]),
    );
    (any::<prop::sample::Index>(), prop::collection::vec(edit, 1..4)).prop_map(|(which, edits)| {
        let mut text = which.get(&GOOD).clone();
        for (at, new) in edits {
            let gaps: Vec<_> = text.match_indices([' ', '\n', ',', '(', '{', '[', ')']).map(|(at, _)| at + 1).collect();
            text.insert_str(gaps[at.index(gaps.len())], new);
        }
        text
    })
}

/// All numbers that stand behind `start: ` or `end: `.
fn places(debug: &str) -> impl Iterator<Item = usize> + '_ {
    debug
        .match_indices("start: ")
        .map(|(at, mark)| at + mark.len())
        .chain(debug.match_indices("end: ").map(|(at, mark)| at + mark.len()))
        .map(|at| {
            let digits: String = debug[at..].chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0)
        })
}

/// All places in a tree, as ranges.
fn spans(debug: &str) -> Vec<(usize, usize)> {
    let number = |text: &str| text.split([',', ' ']).next().unwrap().parse().unwrap();
    let parts = debug.split("start: ").skip(1);
    parts.map(|part| (number(part), number(part.split("end: ").nth(1).unwrap()))).collect()
}

fn reads(text: &str) -> Result<(), TestCaseError> {
    let parsed = parse(SourceId(0), text);
    let debug = format!(
        "{:?} {:?}",
        parsed.file,
        parsed.problems.iter().map(|problem| (problem.span, &problem.fix)).collect::<Vec<_>>()
    );
    if parsed.problems.is_empty() {
        for (start, end) in spans(&debug) {
            let part = &text[start..end];
            prop_assert!(!part.is_empty() && part.trim() == part, "{part:?} in {text}");
        }
    }
    for place in places(&debug) {
        prop_assert!(text.is_char_boundary(place), "{place} in {text:?}");
    }
    for Problem { span, fix, .. } in &parsed.problems {
        prop_assert!(span.start <= span.end);
        let mut edits: Vec<_> = fix.iter().map(|(span, _)| span.range()).collect();
        edits.sort_by_key(|range| range.start);
        prop_assert!(edits.windows(2).all(|pair| pair[0].end <= pair[1].start), "{fix:?}");
    }
    let shown = support::render(text, &parsed.problems);
    for rule in ["block_opt", "entry_or_bad", "k_", "rest_of", "EOI", "ident_start", "cmp_tail"] {
        prop_assert!(text.contains(rule) || !shown.contains(rule), "{shown}");
    }
    if parsed.problems.is_empty() {
        prop_assert!(!debug.contains("Error") && !debug.contains("incomplete: true"), "{text}\n{debug}");
        if let Err(why) = support::layout_only(text) {
            prop_assert!(false, "{why}");
        }
    } else {
        prop_assert!(format(text).is_err());
    }
    Ok(())
}

/// `PROPTEST_CASES` says otherwise.
fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    ProptestConfig { failure_persistence: None, cases, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn any_text_reads(text in any::<String>()) {
        reads(&text)?;
    }

    #[test]
    fn soups_of_tokens_read(text in soup()) {
        reads(&text)?;
    }

}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn mutated_programs_read(text in mutated()) {
        reads(&text)?;
    }

    #[test]
    fn relaid_programs_format(text in relaid()) {
        reads(&text)?;
    }
}
