//! The formatter: what it makes of good programs, and that it changes nothing but the layout.

use crate::support;

use pipewright_grammar::{SourceId, format, parse};

#[test]
fn good_programs_have_one_layout() {
    let mut wrong = Vec::new();
    for program in support::programs("good") {
        let text = std::fs::read_to_string(&program).unwrap();
        let formatted = format(&text).unwrap();
        wrong.extend(support::golden(&program, "formatted", &formatted));
        wrong.extend(support::layout_only(&text).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_does_not_read_cleanly_is_refused() {
    for program in support::programs("broken") {
        let text = std::fs::read_to_string(&program).unwrap();
        let problems = parse(SourceId(0), &text).problems;
        assert_eq!(format(&text), Err(problems), "{}", program.display());
    }
}
