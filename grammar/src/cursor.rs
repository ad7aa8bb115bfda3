//! A text with a hole in it, as it is while somebody types: puts a word where the cursor stands and closes what is open, so
//! that the rest can be read. For completion; and which call the cursor is in, for signature help.
//!
//! Knows lexemes and what may be missing behind a cursor; knows nothing of what the word will be.

use std::ops::Range;

use crate::ast::File;
use crate::parse::{is_failure, parse};
use crate::scan::{LexKind, Lexeme, Scanner};
use crate::{Problem, SourceId, units};

/// A text with a word where the cursor stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Hole {
    /// The text, which reads as well as it can be made to.
    pub text: String,
    /// What the word replaces, in the text as it was: the beginning of a word, up to the cursor.
    pub replaced: Range<usize>,
    /// The word stands in column 0, outside of all brackets: where a declaration begins.
    pub begins: bool,
}

/// What may be missing behind the cursor, so that the part before it can be read.
const ENDINGS: &[&str] = &[
    "",
    " else \"\"",
    " then null else null",
    " else null",
    " => null }",
    " within 1h",
    " = null",
    ": string",
    " { }",
    " [ ]",
    " from x",
    " to x",
    " from x to x",
    ": string = null",
];

/// Puts `word` at a place. Nothing inside of comments and texts, where no word of the language stands.
pub fn with_word(text: &str, at: usize, word: &str) -> Option<Hole> {
    let unit = unit_at(text, at)?;
    let start = word_start(text, at);
    let inside = text.get(unit.clone())?;
    let place = start - unit.start;
    let lexeme = Scanner::new(inside).find(|it| it.start < place && place <= it.end);
    if lexeme.is_some_and(|it| in_text(it, inside, place)) {
        return None;
    }
    let before = text.get(unit.start..start)?;
    let rest_of_word = text.get(at..)?.bytes().take_while(|it| is_word(*it)).count();
    let after = text.get(at + rest_of_word..unit.end)?;
    let mut best: Option<(usize, String)> = None;
    let mut try_it = |candidate: String| {
        let failures = failures(&candidate, word);
        if best.as_ref().is_none_or(|(least, _)| failures < *least) {
            best = Some((failures, candidate));
        }
        failures == 0
    };
    let closers = closers(before);
    let _ = try_it(format!("{before}{word}{after}"))
        // Behind the cursor, at the end of its line, something is missing.
        || ENDINGS.iter().skip(1).any(|ending| {
            let (line, below) = after.split_at(after.find('\n').unwrap_or(after.len()));
            line.trim().is_empty() && try_it(format!("{before}{word}{ending}{below}"))
        })
        || ENDINGS.iter().any(|ending| try_it(format!("{before}{word}{ending}{closers}\n")))
        || ENDINGS.iter().any(|ending| try_it(format!("{before}{word}{closers}{ending}\n")));
    let (_, unit_text) = best?;
    let text = format!("{}{unit_text}{}", text.get(..unit.start)?, text.get(unit.end..)?);
    let begins = closers.is_empty() && (before.is_empty() || before.ends_with('\n'));
    Some(Hole { text, replaced: start..at, begins })
}

/// The call around a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    /// What is called.
    pub name: String,
    /// Which argument, from 0.
    pub argument: usize,
    /// Its name, if it was written.
    pub named: Option<String>,
}

/// The innermost call that is open at a place.
pub fn call_at(text: &str, at: usize) -> Option<OpenCall> {
    let unit = unit_at(text, at)?;
    let before = text.get(unit.start..at)?;
    // For each open bracket: the word before it, and the argument.
    let mut open: Vec<Option<OpenCall>> = vec![];
    let mut last: Option<&str> = None;
    for lexeme in Scanner::new(before) {
        let piece = before.get(lexeme.start..lexeme.end).unwrap_or_default();
        match lexeme.kind {
            LexKind::Open(bracket) => {
                let name = last.filter(|_| bracket == b'(').map(str::to_string);
                open.push(name.map(|name| OpenCall { name, argument: 0, named: None }));
            }
            LexKind::Hole(true) => open.push(None),
            LexKind::Close(_) | LexKind::Hole(false) => drop(open.pop()),
            LexKind::Punctuation(mark) => {
                if let Some(Some(call)) = open.last_mut() {
                    match mark {
                        b',' => (call.argument, call.named) = (call.argument + 1, None),
                        b'=' => call.named = last.map(str::to_string),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        last = match lexeme.kind {
            LexKind::Word => Some(piece),
            LexKind::Blank => last.filter(|_| open.last().is_some_and(Option::is_some)),
            _ => None,
        };
    }
    open.into_iter().rev().find_map(|it| it)
}

/// The word at the end of a text, back from a place.
fn word_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    at - before.bytes().rev().take_while(|it| is_word(*it)).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn unit_at(text: &str, at: usize) -> Option<Range<usize>> {
    text.get(..at)?;
    units::cut(text).into_iter().find(|unit| unit.start <= at && (at < unit.end || unit.end == text.len()))
}

/// Whether a place inside a lexeme, or at its end, is in a comment or a text. A text that is closed has an end; a comment and
/// an open text have none on their line.
fn in_text(lexeme: Lexeme, text: &str, at: usize) -> bool {
    match lexeme.kind {
        LexKind::Comment | LexKind::SlashComment | LexKind::Doc => true,
        LexKind::Quoted | LexKind::TextBlock | LexKind::FText => {
            let piece = text.get(lexeme.start..lexeme.end).unwrap_or_default();
            let closed = piece.len() > 1 && piece.ends_with(['"', '\'', '`']);
            at < lexeme.end || !closed
        }
        LexKind::Blank
        | LexKind::Newline
        | LexKind::Hole(_)
        | LexKind::Word
        | LexKind::Open(_)
        | LexKind::Close(_)
        | LexKind::Punctuation(_)
        | LexKind::Odd => false,
    }
}

/// What closes the brackets and texts that are open at the end of a text.
fn closers(text: &str) -> String {
    let mut open = vec![];
    for lexeme in Scanner::new(text) {
        match lexeme.kind {
            LexKind::Open(b'(') => open.push(")"),
            LexKind::Open(b'[') => open.push("]"),
            LexKind::Open(_) => open.push("}"),
            LexKind::Hole(true) => open.push("}\""),
            LexKind::Close(_) | LexKind::Hole(false) => drop(open.pop()),
            _ => {}
        }
    }
    open.into_iter().rev().collect()
}

/// How much of a unit cannot be read; a unit that fails whole, and one that does not read the word, most of all.
fn failures(unit: &str, word: &str) -> usize {
    let parsed = parse(SourceId(0), unit);
    let failed = |it: &&Problem| is_failure(&it.kind);
    let count = parsed.problems.iter().filter(failed).count();
    let stub =
        |file: &File| file.declarations.iter().any(|it| matches!(it.kind, crate::ast::DeclarationKind::Stub { .. }));
    let hit = parsed.problems.iter().filter(failed).any(|it| {
        let at = unit.find(word).unwrap_or_default();
        it.span.start as usize <= at + word.len() && at <= it.span.end as usize
    });
    count + if stub(&parsed.file) { 100 } else { 0 } + if hit { 10 } else { 0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn hole(text: &str) -> Option<String> {
        let at = text.find('‸').unwrap();
        with_word(&text.replace('‸', ""), at, "W").map(|it| it.text)
    }

    #[test]
    fn what_is_open_is_closed_and_what_is_missing_is_put_there() {
        for (typed, read) in [
            ("transform a from b\n  | where am‸\n  | drop x", "transform a from b\n  | where W\n  | drop x"),
            ("transform a from b\n  | check ‸\n", "transform a from b\n  | check W else \"\"\n"),
            ("transform a from b\n  | where round(‸", "transform a from b\n  | where round(W)\n"),
            ("transform a from b\n  | derive x = if ‸", "transform a from b\n  | derive x = if W then null else null"),
            ("topic a {\n  par‸\n}\nsink b from c to d", "topic a {\n  W\n}\nsink b from c to d"),
            ("topic a { partitions = ‸ }", "topic a { partitions = W }"),
            ("topic a { commit = { ‸", "topic a { commit = { W}}\n"),
        ] {
            assert_eq!(hole(typed).as_deref(), Some(read), "{typed}");
        }
        assert_eq!(hole("topic a { x = \"‸\" }"), None);
        assert_eq!(hole("# top‸\ntopic a"), None);
    }

    #[test]
    fn the_innermost_call_counts_its_arguments() {
        let call = |text: &str| call_at(text, text.len()).map(|it| (it.name, it.argument, it.named));
        assert_eq!(call("fn f(): x = round(a, lower(b), "), Some(("round".into(), 2, None)));
        assert_eq!(call("fn f(): x = round(lower("), Some(("lower".into(), 0, None)));
        assert_eq!(call("fn f(): x = round(lower(a)"), Some(("round".into(), 0, None)));
        assert_eq!(call("fn f(): x = round(1, digits = "), Some(("round".into(), 1, Some("digits".into()))));
        assert_eq!(call("fn f(): x = \"round(\" + "), None);
    }
}
