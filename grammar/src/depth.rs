//! How deep a unit is nested, before it is parsed: the parser recurses once per level.
//!
//! Counts open brackets, holes of f-strings, `list<` and `map<`, and every `if` that has not met its `else`.

use std::ops::Range;

use crate::scan::{LexKind, Scanner};

/// More than this is refused. A stack of 2 MiB holds 240 levels without optimisation.
const MAX_DEPTH: usize = 100;

/// The place of the first bracket that is one too deep.
pub(crate) fn too_deep(text: &str) -> Option<Range<usize>> {
    let (mut brackets, mut angles, mut ifs) = (0_usize, 0_usize, 0_usize);
    let mut word = "";
    for lexeme in Scanner::new(text) {
        match lexeme.kind {
            LexKind::Open(_) | LexKind::Hole(true) => brackets += 1,
            LexKind::Close(_) | LexKind::Hole(false) => brackets = brackets.saturating_sub(1),
            LexKind::Punctuation(b'<') if matches!(word, "list" | "map") => angles += 1,
            LexKind::Punctuation(b'>') => angles = angles.saturating_sub(1),
            LexKind::Word => match text.get(lexeme.start..lexeme.end) {
                Some("if") => ifs += 1,
                Some("else") => ifs = ifs.saturating_sub(1),
                _ => {}
            },
            LexKind::Blank => continue,
            _ => {}
        }
        word = if lexeme.kind == LexKind::Word { text.get(lexeme.start..lexeme.end).unwrap_or("") } else { "" };
        if brackets + angles + ifs > MAX_DEPTH {
            return Some(lexeme.start..lexeme.end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_levels_are_fine() {
        assert_eq!(too_deep(&("(".repeat(100) + &")".repeat(100))), None);
        assert_eq!(too_deep(&"(".repeat(101)), Some(100..101));
        assert_eq!(too_deep(&"list<".repeat(101)), Some(504..505));
        assert_eq!(too_deep(&"if a then 1 else ".repeat(5_000)), None);
        assert!(too_deep(&"f\"{".repeat(101)).is_some());
        assert_eq!(too_deep(&"\"(((\" ".repeat(500)), None);
    }
}
