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
    let mut fault = Fault::new(text, at);
    // In the middle of a token, or behind a word that cannot stand here: what could stand in its place?
    let behind = fault.last.filter(|last| last.end == at && expected.is_empty());
    let inside = fault.token.filter(|token| token.start < at);
    let (at, mut expected) = match inside.or(behind) {
        Some(token) => {
            let masked = format!("{}\u{1}", text.get(..token.start).unwrap_or_default());
            match reached(rule, &masked) {
                Some((again, expected)) if again == token.start => {
                    fault = Fault::new(text, again);
                    (again, expected)
                }
                _ if inside.is_some() => {
                    fault = Fault::new(text, token.start);
                    (token.start, Expected::default())
                }
                _ => (at, expected),
            }
        }
        None => (at, expected),
    };
    expected.close(fault.open.map(|(_, byte)| byte));
    let keyword = tokens(text).find(|token| token.kind == LexKind::Word);
    // Inside of brackets the words of the head are meant otherwise.
    if let Some(keyword) = keyword.filter(|_| site == Site::Unit && fault.open.is_none()) {
        expected.forget_misplaced(text.get(keyword.start..keyword.end).unwrap_or_default());
    }
    let within = within.or_else(|| named(text, site, at));
    let span = |start: usize, end: usize| Span::new(place.source, place.base + start, place.base + end);
    let problem = |span: Span, kind: ProblemKind| Some(Problem { span, kind, fix: Vec::new() });
    let unclosed = |at: usize, (open, byte): (usize, u8)| {
        let kind = ProblemKind::Unclosed { open: char::from(byte).to_string(), opened: span(open, open + 1) };
        problem(span(at, at), kind)
    };

    // A literal that was never closed reaches to the end of its line, which is where the fault shows.
    let literals = [fault.token, fault.last];
    if let Some(literal) = literals.into_iter().flatten().find(|token| is_open(text, *token)) {
        let written = text.get(literal.start..literal.end).unwrap_or_default();
        let (open, len) = match written {
            text if text.starts_with("\"\"\"") => ("\"\"\"", 3),
            text if text.starts_with('`') => ("`", 1),
            text if text.starts_with('\'') => ("'", 1),
            text if text.starts_with(['f', 'r']) => ("\"", 2),
            _ => ("\"", 1),
        };
        let opened = span(literal.start, literal.start + len);
        let end = literal.start + written.trim_end().len();
        return problem(span(end, end), ProblemKind::Unclosed { open: open.to_owned(), opened });
    }
    let Some(token) = fault.token else {
        // The end of the part.
        if let Some(open) = fault.open {
            return unclosed(fault.code_end, open);
        }
        let found = match site {
            Site::Unit => String::new(),
            Site::Step => "the end of the step".to_owned(),
            Site::Entry | Site::Field => next_token(text.len(), place),
        };
        let at = fault.code_end;
        return problem(span(at, at), ProblemKind::Unexpected { found, expected: expected.words(site), within });
    };
    let written = text.get(token.start..token.end).unwrap_or_default();
    let token_span = span(token.start, token.end);

    match token.kind {
        LexKind::Doc => return problem(token_span, ProblemKind::NothingToDocument),
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

/// "the step `where`", "the field `a`": the part by its first word, if the fault is behind it.
fn named(text: &str, site: Site, at: usize) -> Option<String> {
    let word = tokens(text).find(|token| !is_trivia(token.kind) && token.kind != LexKind::Doc)?;
    let kind = match site {
        Site::Unit => return None,
        Site::Step => "step",
        Site::Entry => "entry",
        Site::Field => "field",
    };
    let name = text.get(word.start..word.end)?.trim_matches(['`', '"']);
    (word.end <= at && word.kind == LexKind::Word).then(|| format!("the {kind} `{name}`"))
}

/// What is around a place.
struct Fault {
    /// The token at or after the place; it begins before the place if that is in its middle.
    token: Option<Lexeme>,
    /// The token before it.
    last: Option<Lexeme>,
    /// Where the code before the place (or before the token) ends.
    code_end: usize,
    /// The innermost bracket that is open there.
    open: Option<(usize, u8)>,
    /// True if nothing stands before the token on its line.
    first_on_line: bool,
}

impl Fault {
    fn new(text: &str, at: usize) -> Self {
        let mut fault = Self { token: None, last: None, code_end: 0, open: None, first_on_line: true };
        let mut open: Vec<(usize, u8)> = Vec::new();
        for token in tokens(text) {
            match token.kind {
                LexKind::Newline => fault.first_on_line = true,
                kind if is_trivia(kind) => {}
                _ if token.end > at => {
                    fault.token = Some(token);
                    break;
                }
                kind => {
                    match kind {
                        LexKind::Open(byte) => open.push((token.start, byte)),
                        LexKind::Hole(true) => open.push((token.start, b'{')),
                        LexKind::Close(_) | LexKind::Hole(false) => {
                            open.pop();
                        }
                        _ => {}
                    }
                    fault.last = Some(token);
                    fault.code_end = token.end;
                    fault.first_on_line = false;
                }
            }
        }
        fault.open = open.last().copied();
        fault
    }
}

/// The lexemes as a person sees them: `größe`, `1.5h` and `=>` are one token.
fn tokens(text: &str) -> impl Iterator<Item = Lexeme> {
    let mut lexemes = Scanner::new(text).peekable();
    std::iter::from_fn(move || {
        let mut token = lexemes.next()?;
        let number = text.as_bytes().get(token.start).is_some_and(u8::is_ascii_digit);
        while let Some(next) = lexemes.peek() {
            let joins = match (token.kind, next.kind) {
                (LexKind::Word, LexKind::Word | LexKind::Odd) => true,
                (LexKind::Word, LexKind::Punctuation(b'.')) => number,
                (LexKind::Punctuation(a), LexKind::Punctuation(b)) => {
                    token.end - token.start == 1
                        && matches!(
                            (a, b),
                            (b'=' | b'!' | b'<' | b'>', b'=' | b'>' | b'~')
                                | (b'&', b'&')
                                | (b'|', b'|')
                                | (b'?', b'?')
                        )
                }
                _ => false,
            };
            if !joins {
                break;
            }
            token.end = next.end;
            lexemes.next();
        }
        // A run of letters outside of ASCII is a word too.
        if token.kind == LexKind::Odd && lexemes.peek().is_some_and(|next| next.kind == LexKind::Word) {
            token.end = lexemes.next().map_or(token.end, |next| next.end);
        }
        Some(token)
    })
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
fn is_open(text: &str, token: Lexeme) -> bool {
    let written = text.get(token.start..token.end).unwrap_or_default();
    let body = written.trim_start_matches(['f', 'r']);
    match token.kind {
        LexKind::Quoted if written.starts_with("\"\"\"") => written.len() == 3,
        LexKind::Quoted => {
            let quote = body.bytes().next().unwrap_or(b'"');
            let escapes = written.starts_with('"');
            let mut escaped = false;
            let close = body.bytes().skip(1).position(|byte| {
                let closes = byte == quote && !escaped;
                escaped = escapes && byte == b'\\' && !escaped;
                closes
            });
            close.is_none()
        }
        // The text of an f-string ends with its quote, or before a hole.
        LexKind::FText => {
            let goes_on = text.get(token.end..).is_some_and(|rest| rest.starts_with('{'));
            !goes_on && (!body.ends_with('"') || written == "f\"")
        }
        _ => false,
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
