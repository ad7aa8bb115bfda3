//! Broken and foreign programs: what is reported, with its fix, and what of the program is still known.

use crate::support;

use pipewright_grammar::{SourceId, parse};

#[test]
fn broken_programs_are_explained() {
    let mut wrong = Vec::new();
    for program in support::programs("broken") {
        let text = std::fs::read_to_string(&program).unwrap();
        let parsed = parse(SourceId(0), &text);
        let actual = format!("{}---\n{}", support::render(&text, &parsed.problems), support::outline(&parsed.file));
        wrong.extend(support::golden(&program, "problems", &actual));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn good_programs_have_no_problems() {
    for program in support::programs("good") {
        let text = std::fs::read_to_string(&program).unwrap();
        let parsed = parse(SourceId(0), &text);
        assert_eq!(support::render(&text, &parsed.problems), "", "{}", program.display());
    }
}
