//! The tokens of a unit, with how close they stand to their neighbours.

use super::marks::Marks;
use crate::scan::{LexKind, Lexeme, Scanner};

/// What a token is to the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `# …`
    Comment,
    /// `## …`
    Doc,
    /// `(`, `[`, `{`
    Open(u8),
    /// `)`, `]`, `}`
    Close(u8),
    /// `,`
    Comma,
    /// Everything else.
    Code,
}

impl Kind {
    /// True for what reaches to the end of its line.
    pub(super) fn is_comment(self) -> bool {
        matches!(self, Kind::Comment | Kind::Doc)
    }
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
    /// Where it begins in the unit.
    pub start: usize,
    /// How many line breaks stand between it and the token before, at most 2.
    pub lines_before: u8,
    /// Nothing stands before it on its line, not even a blank.
    pub first_column: bool,
    /// No blank before it.
    pub close_before: bool,
    /// No blank behind it.
    pub close_behind: bool,
}

/// The tokens of a unit.
pub(super) fn tokens<'t>(text: &'t str, marks: &Marks) -> Vec<Token<'t>> {
    let mut tokens: Vec<Token<'t>> = Vec::new();
    let mut verbatim = marks.verbatim.iter().peekable();
    let mut lines = 0_u8;
    let mut scanner = Scanner::new(text);
    while let Some(lexeme) = scanner.next() {
        match lexeme.kind {
            LexKind::Newline => lines = (lines + 1).min(2),
            LexKind::Blank => {}
            _ => {
                while verbatim.next_if(|range| range.end <= lexeme.start).is_some() {}
                let mut end = lexeme.end;
                if let Some(range) = verbatim.next_if(|range| range.start == lexeme.start) {
                    end = range.end;
                }
                let one = Lexeme { end, ..lexeme };
                // The lexemes inside belong to the token.
                let mut last = lexeme.end;
                while last < end {
                    match scanner.next() {
                        Some(inner) => last = inner.end,
                        None => break,
                    }
                }
                tokens.push(token(text, one, lines, marks, tokens.last()));
                lines = 0;
                join_arrow(text, &mut tokens);
            }
        }
    }
    tokens
}

fn token<'t>(text: &'t str, lexeme: Lexeme, lines_before: u8, marks: &Marks, before: Option<&Token<'t>>) -> Token<'t> {
    let written = text.get(lexeme.start..lexeme.end).unwrap_or_default();
    let single = lexeme.end - lexeme.start == 1;
    let kind = match lexeme.kind {
        LexKind::Comment | LexKind::SlashComment => Kind::Comment,
        LexKind::Doc => Kind::Doc,
        // A pasted record is one token.
        LexKind::Open(byte) if single => Kind::Open(byte),
        LexKind::Close(byte) => Kind::Close(byte),
        LexKind::Punctuation(b',') => Kind::Comma,
        _ => Kind::Code,
    };
    let (close_before, close_behind) = match lexeme.kind {
        LexKind::Punctuation(b'.') => (true, true),
        LexKind::Punctuation(b',' | b'?' | b':') if single => (true, false),
        LexKind::Punctuation(b'@') if single => (false, true),
        LexKind::Punctuation(b'-') => (false, marks.signs.contains(&lexeme.start)),
        // What compares is in `verbatim`; these are of `list<T>`. The `>` of `=>` is joined later.
        LexKind::Punctuation(b'<') if !is_verbatim(marks, lexeme.start) => (true, true),
        LexKind::Punctuation(b'>') if !is_verbatim(marks, lexeme.start) => (true, false),
        LexKind::Open(b'(') => {
            let after_name = before.is_some_and(|token| {
                matches!(token.kind, Kind::Close(_))
                    || token.kind == Kind::Code
                        && token.text.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '`'))
            });
            (after_name && !marks.parens.contains(&lexeme.start), true)
        }
        LexKind::Open(b'[') => (marks.calls.contains(&lexeme.start), true),
        LexKind::Close(b')' | b']') => (true, false),
        _ => (false, false),
    };
    let first_column = text.get(..lexeme.start).is_some_and(|before| before.is_empty() || before.ends_with('\n'));
    let text = if kind.is_comment() { written.trim_end() } else { written };
    Token { kind, text, start: lexeme.start, lines_before, first_column, close_before, close_behind }
}

fn is_verbatim(marks: &Marks, at: usize) -> bool {
    marks.verbatim.binary_search_by_key(&at, |range| range.start).is_ok()
}

/// `=` and `>` that touch are `=>`.
fn join_arrow<'t>(text: &'t str, tokens: &mut Vec<Token<'t>>) {
    let [.., first, second] = tokens.as_slice() else { return };
    if first.text == "=" && second.text == ">" && second.start == first.start + 1 {
        let arrow = Token { text: text.get(first.start..first.start + 2).unwrap_or_default(), ..*first };
        tokens.truncate(tokens.len() - 2);
        tokens.push(arrow);
    }
}
