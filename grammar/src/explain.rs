//! Why a part could not be read: the place of the fault, and what could stand there.
//!
//! pest tells the furthest place it reached and what it tried there. This module moves the place to where a person sees
//! the fault (the start of a token, the end of the line before, an open bracket) and says it in a person's words.

use crate::build::needs_quotes;
use crate::expected::{Expected, expected_at};
use crate::keywords::RESERVED;
use crate::parser::{Rule, failure};
use crate::scan::{LexKind, Lexeme, Scanner};
use crate::{Problem, ProblemKind, SourceId, Span};

/// What kind of part failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// A declaration.
    Unit,
    /// A step.
    Step,
    /// An entry of a block.
    Entry,
    /// A field of a type.
    Field,
}

/// Where the part stands.
pub(crate) struct Place<'i> {
    /// In which file.
    pub source: SourceId,
    /// Where in the file the part begins.
    pub base: usize,
    /// The unit around it.
    pub input: &'i str,
    /// Where in the unit the part begins.
    pub at: usize,
}

/// Parses a part once more as `rule`, and says why that fails.
pub(crate) fn explain(
    rule: Rule,
    text: &str,
    site: Site,
    within: Option<String>,
    place: &Place<'_>,
) -> Option<Problem> {
    let Some((at, expected)) = reached(rule, text) else {
        // Alone it can be read: what follows it is wrong.
        return Some(after_part(text, site, within, place));
    };
    let fault = Fault::new(text, at);
    // In the middle of a token: what could stand in its place?
    let (at, expected) = match fault.token.filter(|token| token.start < at) {
        Some(token) => {
            let masked = format!("{}\u{1}", text.get(..token.start).unwrap_or_default());
            match reached(rule, &masked) {
                Some((again, expected)) if again == token.start => (token.start, expected),
                _ => (token.start, Expected::default()),
            }
        }
        None => (at, expected),
    };
    let fault = Fault::new(text, at);
    let span = |start: usize, end: usize| Span::new(place.source, place.base + start, place.base + end);
    let problem = |span: Span, kind: ProblemKind| Some(Problem { span, kind, fix: Vec::new() });
    let unclosed = |at: usize, (open, byte): (usize, u8)| {
        let kind = ProblemKind::Unclosed { open: char::from(byte).to_string(), opened: span(open, open + 1) };
        problem(span(at, at), kind)
    };

    let Some(token) = fault.token else {
        // The end of the part.
        if let Some(open) = fault.open {
            return unclosed(fault.code_end, open);
        }
        let found = if site == Site::Unit { String::new() } else { next_token(text.len(), place) };
        let at = fault.code_end;
        return problem(span(at, at), ProblemKind::Unexpected { found, expected: expected.words(site), within });
    };
    let written = text.get(token.start..token.end).unwrap_or_default();
    let token_span = span(token.start, token.end);

    match token.kind {
        LexKind::Doc => return problem(token_span, ProblemKind::NothingToDocument),
        LexKind::Quoted | LexKind::FText if is_open(written, token.kind) => {
            let (open, len) = match written {
                text if text.starts_with("\"\"\"") => ("\"\"\"", 3),
                text if text.starts_with('`') => ("`", 1),
                text if text.starts_with('\'') => ("'", 1),
                text if text.starts_with(['f', 'r']) => ("\"", 2),
                _ => ("\"", 1),
            };
            let opened = span(token.start, token.start + len);
            let end = token.start + written.trim_end().len();
            return problem(span(end, end), ProblemKind::Unclosed { open: open.to_owned(), opened });
        }
        LexKind::Close(close) => match fault.open {
            None => {
                let fix = vec![(token_span, String::new())];
                return Some(Problem { span: token_span, kind: ProblemKind::StrayClose(written.to_owned()), fix });
            }
            Some((open, byte)) if closing(byte) != close => return unclosed(token.start, (open, byte)),
            Some(_) => {}
        },
        // A `|` that begins a step while a bracket is open, or a declaration's keyword: the bracket was forgotten.
        LexKind::Punctuation(b'|') if fault.first_on_line => {
            if let Some(open) = fault.open {
                return unclosed(fault.code_end, open);
            }
        }
        LexKind::Word if RESERVED.contains(&written) && expected.name && !expected.expression => {
            let fix = vec![(token_span, format!("`{written}`"))];
            return Some(Problem { span: token_span, kind: ProblemKind::ReservedName(written.to_owned()), fix });
        }
        _ => {}
    }
    // The line ended too early: a value is missing at its end, or a comma.
    let line_ended =
        text.get(at..).is_some_and(|rest| rest.starts_with('\n')) || (fault.first_on_line && expected.comma);
    if line_ended {
        let at = fault.code_end;
        let found = "the end of the line".to_owned();
        return problem(span(at, at), ProblemKind::Unexpected { found, expected: expected.words(site), within });
    }
    let found = shown(written);
    let kind = ProblemKind::Unexpected { found, expected: expected.words(site), within };
    let mut problem = Problem { span: token_span, kind, fix: Vec::new() };
    if needs_quotes(written) && expected.name && !expected.expression {
        problem.fix = vec![(token_span, format!("`{written}`"))];
    }
    Some(problem)
}

/// The furthest place reached, and what could stand there.
fn reached(rule: Rule, text: &str) -> Option<(usize, Expected)> {
    failure(rule, text).map(|error| expected_at(&error))
}

/// A part that can be read alone, but not with what stands behind it.
fn after_part(text: &str, site: Site, within: Option<String>, place: &Place<'_>) -> Problem {
    let end = place.at + text.len();
    let rest = place.input.get(end..).unwrap_or_default();
    let token = Scanner::new(rest).find(|lexeme| !is_trivia(lexeme.kind));
    let (start, stop) = token.map_or((0, 0), |token| (token.start, token.end));
    let base = place.base + text.len();
    let span = Span::new(place.source, base + start, base + stop);
    let found = rest.get(start..stop).map(shown).unwrap_or_default();
    let expected = Expected::default().words(site);
    Problem { span, kind: ProblemKind::Unexpected { found, expected, within }, fix: Vec::new() }
}

/// What stands behind a part, in words.
fn next_token(len: usize, place: &Place<'_>) -> String {
    let rest = place.input.get(place.at + len..).unwrap_or_default();
    for lexeme in Scanner::new(rest) {
        match lexeme.kind {
            LexKind::Newline => return "the end of the line".to_owned(),
            kind if is_trivia(kind) => {}
            _ => return shown(rest.get(lexeme.start..lexeme.end).unwrap_or_default()),
        }
    }
    String::new()
}

/// What is around a place.
struct Fault {
    /// The token at or after the place; it begins before the place if that is in its middle.
    token: Option<Lexeme>,
    /// Where the code before the place (or before the token) ends.
    code_end: usize,
    /// The innermost bracket that is open there.
    open: Option<(usize, u8)>,
    /// True if nothing stands before the token on its line.
    first_on_line: bool,
}

impl Fault {
    fn new(text: &str, at: usize) -> Self {
        let mut fault = Self { token: None, code_end: 0, open: None, first_on_line: true };
        let mut open: Vec<(usize, u8)> = Vec::new();
        // `1.5h` is one word to a person.
        let mut number: Option<Lexeme> = None;
        for lexeme in Scanner::new(text) {
            if is_trivia(lexeme.kind) {
                if lexeme.kind == LexKind::Newline {
                    fault.first_on_line = true;
                }
                number = None;
                continue;
            }
            if lexeme.end > at {
                let joined = number.filter(|_| lexeme.kind == LexKind::Word && lexeme.start < at);
                fault.token = Some(Lexeme { start: joined.map_or(lexeme.start, |number| number.start), ..lexeme });
                break;
            }
            let digits = text.as_bytes().get(lexeme.start).is_some_and(u8::is_ascii_digit);
            number = match lexeme.kind {
                LexKind::Word if digits => Some(number.unwrap_or(lexeme)),
                LexKind::Punctuation(b'.') => number,
                _ => None,
            };
            match lexeme.kind {
                LexKind::Open(byte) => open.push((lexeme.start, byte)),
                LexKind::Hole(true) => open.push((lexeme.start, b'{')),
                LexKind::Close(_) | LexKind::Hole(false) => {
                    open.pop();
                }
                _ => {}
            }
            fault.code_end = lexeme.end;
            fault.first_on_line = false;
        }
        fault.open = open.last().copied();
        fault
    }
}

fn is_trivia(kind: LexKind) -> bool {
    matches!(kind, LexKind::Blank | LexKind::Newline | LexKind::Comment | LexKind::SlashComment)
}

fn closing(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// True for a literal without its closing quote.
fn is_open(written: &str, kind: LexKind) -> bool {
    if written.starts_with("\"\"\"") {
        return kind == LexKind::Quoted && written.len() == 3;
    }
    let body = written.trim_start_matches(['f', 'r']);
    let quote = body.chars().next().unwrap_or('"');
    match kind {
        LexKind::FText => !body.ends_with('"') || body.len() < 2,
        _ => body.len() < 2 || !body.ends_with(quote) || body.ends_with("\\\"") && !body.ends_with("\\\\\""),
    }
}

/// A token as it is quoted in a message.
fn shown(written: &str) -> String {
    let line = written.lines().next().unwrap_or_default();
    match line.char_indices().nth(30) {
        Some((end, _)) => format!("`{}…`", line.get(..end).unwrap_or_default()),
        None if line.is_empty() => String::new(),
        None => format!("`{line}`"),
    }
}
