//! Cuts a file into units: one declaration each, with the blank and comment lines above it.
//!
//! A unit that fails is cut once more at what only looks like a head. Knows keywords and lexemes, nothing of what a
//! declaration looks like inside. The units cover the text without gaps; cutting is one pass.

use std::ops::Range;

use crate::keywords::{KEYWORDS, RESERVED, closest_declaration};
use crate::scan::{LexKind, Scanner};

/// Words that go on with a declaration, and so begin none.
const CARRY_ON: &[&str] =
    &["from", "to", "on", "as", "by", "emit", "within", "given", "expect", "advance", "restart", "delete", "bytes"];

/// Cuts at sure heads: a declaration keyword in column 0, then a name or a string.
pub(crate) fn cut(text: &str) -> Vec<Range<usize>> {
    cut_at(text, is_head)
}

/// Cuts a unit that failed also at misspelt keywords and at heads without a name.
pub(crate) fn recut(text: &str) -> Vec<Range<usize>> {
    cut_at(text, |line| is_head(line) || looks_like_head(line))
}

/// The place of the first head inside of a text block: where a block that was never closed should have ended.
pub(crate) fn head_in_text_block(text: &str) -> Option<usize> {
    for lexeme in Scanner::new(text).filter(|lexeme| lexeme.kind == LexKind::TextBlock) {
        let block = text.get(lexeme.start..lexeme.end)?;
        for (newline, _) in block.match_indices('\n') {
            if block.get(newline + 1..).is_some_and(is_head) {
                return Some(lexeme.start + newline + 1);
            }
        }
    }
    None
}

fn cut_at(text: &str, is_start: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut units = Vec::new();
    let mut start = 0;
    // Where the run of blank and comment lines before this place began.
    let mut lead = Some(0);
    let mut column_zero = true;
    for lexeme in Scanner::new(text) {
        match lexeme.kind {
            LexKind::Newline => {
                lead = lead.or(Some(lexeme.end));
                column_zero = true;
                continue;
            }
            // An indented comment belongs to what is above it.
            LexKind::Comment | LexKind::SlashComment if !column_zero && lead.is_some_and(|lead| lead > start) => {
                lead = None;
            }
            LexKind::Blank | LexKind::Comment | LexKind::SlashComment | LexKind::Doc => {}
            kind => {
                let head = column_zero && kind == LexKind::Word && text.get(lexeme.start..).is_some_and(&is_start);
                if let Some(cut) = lead.take().filter(|cut| head && *cut > start) {
                    units.push(start..cut);
                    start = cut;
                }
            }
        }
        column_zero = false;
    }
    units.push(start..text.len());
    units
}

fn word(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    text.split_at(end)
}

fn is_head(line: &str) -> bool {
    let (keyword, rest) = word(line);
    let name = rest.trim_start_matches([' ', '\t']);
    KEYWORDS.contains(&keyword)
        && name.len() < rest.len()
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '"' | '`'))
}

fn looks_like_head(line: &str) -> bool {
    let (first, rest) = word(line);
    let after = rest.trim_start_matches([' ', '\t']);
    if KEYWORDS.contains(&first) {
        let nameless = match first {
            "type" | "connection" => after.starts_with('='),
            "fn" => after.starts_with('('),
            _ => false,
        };
        return nameless || after.is_empty() || after.starts_with(['{', '\n', '\r']);
    }
    let (second, _) = word(after);
    let carries_on = |word: &str| CARRY_ON.contains(&word) || RESERVED.contains(&word);
    after.len() < rest.len()
        && after.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '"' | '`' | '{'))
        && !carries_on(first)
        && !carries_on(second)
        && closest_declaration(first).is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        cut(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn comments_go_with_what_follows() {
        let text = "# file\ntopic a\n\n## doc\ntopic b {\n}\n# end\n";
        assert_eq!(pieces(text), ["# file\ntopic a\n", "\n## doc\ntopic b {\n}\n# end\n"]);
    }

    #[test]
    fn heads_in_closed_text_blocks_do_not_cut() {
        let text = "source a { q = \"\"\"\ntopic b\n\"\"\" }\nsink c";
        assert_eq!(pieces(text), ["source a { q = \"\"\"\ntopic b\n\"\"\" }\n", "sink c"]);
        assert_eq!(head_in_text_block(text), Some(19));
    }

    #[test]
    fn an_open_text_block_does_not_swallow_the_rest() {
        assert_eq!(pieces("source a { q = \"\"\"\ntopic b\n").len(), 2);
    }

    #[test]
    fn misspelt_keywords_cut_the_second_time() {
        let text = "topic a {\ntransfrom x from y\n| where b\n";
        assert_eq!(recut(text).len(), 2);
        assert_eq!(cut(text).len(), 1);
    }
}
