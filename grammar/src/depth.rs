//! How deep a unit is nested, before it is parsed: the parser recurses once per level.
//!
//! Counts open brackets, holes of f-strings, `list<` and `map<`, and every `if` that has not met its `else`.

use std::ops::Range;

use crate::scan::{LexKind, Scanner};

/// More than this is refused. A stack of 2 MiB holds 240 levels without optimisation.
const MAX_DEPTH: usize = 100;

/// How deep a unit is nested, or the place of the first bracket that is one too deep.
pub(crate) fn depth(text: &str) -> Result<usize, Range<usize>> {
    let (mut brackets, mut angles, mut ifs) = (0_usize, 0_usize, 0_usize);
    let mut word = "";
    let mut deepest = 0;
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
        let depth = brackets + angles + ifs;
        if depth > MAX_DEPTH {
            return Err(lexeme.start..lexeme.end);
        }
        deepest = deepest.max(depth);
    }
    Ok(deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_levels_are_fine() {
        assert_eq!(depth(&("(".repeat(100) + &")".repeat(100))), Ok(100));
        assert_eq!(depth(&"(".repeat(101)), Err(100..101));
        assert_eq!(depth(&"list<".repeat(101)), Err(504..505));
        assert_eq!(depth(&"if a then 1 else ".repeat(5_000)), Ok(1));
        assert!(depth(&"f\"{".repeat(101)).is_err());
        assert_eq!(depth(&"\"(((\" ".repeat(500)), Ok(0));
    }
}
