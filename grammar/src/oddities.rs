//! What can be said about a text before it is parsed: `;`, `//`, merge conflicts, characters that look like others,
//! and the comments that silence lints.
//!
//! Gives back the text with what cannot be read blanked out, byte for byte, so that places stay what they are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use crate::ast::{Allow, Name};
use crate::scan::{LexKind, Lexeme, Scanner};
use crate::{Problem, ProblemKind, SourceId, Span};

/// What was found.
pub(crate) struct Found<'t> {
    /// The text to parse: as long as the original.
    pub text: Cow<'t, str>,
    /// Where characters stand that cannot be read, and have been reported.
    pub odd: Vec<usize>,
    /// `# pipewright: allow(…)`
    pub allows: Vec<Allow>,
    /// The rest.
    pub problems: Vec<Problem>,
}

/// Looks through a file.
pub(crate) fn find(source: SourceId, text: &str) -> Found<'_> {
    let mut found = Found { text: Cow::Borrowed(text), odd: Vec::new(), allows: Vec::new(), problems: Vec::new() };
    merge_conflicts(source, &mut found);
    let text = found.text.clone();
    Finder { source, text: &text, found: &mut found, semicolons: None, slashes: None, seen: HashMap::new(), depth: 0 }
        .run();
    found
}

struct Finder<'f, 't> {
    source: SourceId,
    text: &'f str,
    found: &'f mut Found<'t>,
    /// Which problem speaks of `;`, of `//`, of each odd character: one for all of them.
    semicolons: Option<usize>,
    slashes: Option<usize>,
    seen: HashMap<char, usize>,
    depth: usize,
}

impl Finder<'_, '_> {
    fn run(&mut self) {
        for lexeme in Scanner::new(self.text) {
            match lexeme.kind {
                LexKind::Open(_) => self.depth += 1,
                LexKind::Close(_) => self.depth = self.depth.saturating_sub(1),
                LexKind::Comment => self.allow(lexeme),
                LexKind::Punctuation(b';') => {
                    let kind = ProblemKind::Foreign { written: ";".to_owned(), here: "a new line".to_owned() };
                    let fix = self.instead_of_semicolon(lexeme);
                    self.semicolons = Some(self.report(self.semicolons, lexeme, kind, fix));
                }
                LexKind::SlashComment => {
                    let marks = Lexeme { end: lexeme.start + 2, ..lexeme };
                    let kind = ProblemKind::Foreign { written: "//".to_owned(), here: "#".to_owned() };
                    self.slashes = Some(self.report(self.slashes, marks, kind, "#".to_owned()));
                }
                LexKind::Odd => self.odd(lexeme),
                _ => {}
            }
        }
    }

    /// Adds to the problem at `index`, or makes it. Returns its index.
    fn report(&mut self, index: Option<usize>, at: Lexeme, kind: ProblemKind, fix: String) -> usize {
        let span = Span::new(self.source, at.start, at.end);
        match index.and_then(|index| self.found.problems.get_mut(index)).zip(index) {
            Some((problem, index)) => {
                problem.fix.push((span, fix));
                index
            }
            None => {
                self.found.problems.push(Problem { span, kind, fix: vec![(span, fix)] });
                self.found.problems.len() - 1
            }
        }
    }

    fn instead_of_semicolon(&self, lexeme: Lexeme) -> String {
        let rest = self.text.get(lexeme.end..).unwrap_or_default().trim_start_matches([' ', '\t', '\r']);
        if rest.is_empty() || rest.starts_with(['\n', '#', '}', ']', ')', ';', '|']) || rest.starts_with("//") {
            String::new()
        } else if self.depth > 0 {
            ",".to_owned()
        } else {
            "\n".to_owned()
        }
    }

    fn odd(&mut self, lexeme: Lexeme) {
        let run = self.text.get(lexeme.start..lexeme.end).unwrap_or_default();
        for (offset, c) in run.char_indices() {
            let at = Lexeme { start: lexeme.start + offset, end: lexeme.start + offset + c.len_utf8(), ..lexeme };
            // A byte order mark at the beginning is skipped.
            if at.start == 0 && c == '\u{feff}' {
                continue;
            }
            let Some(like) = look_alike(c) else { continue };
            let (fix, readable) = match like {
                LookAlike::Operator(op) => (op.to_owned(), true),
                LookAlike::Blank => (" ".to_owned(), true),
                LookAlike::Invisible => (String::new(), !self.inside_word(at)),
                LookAlike::Quote => ("\"".to_owned(), false),
                LookAlike::Letter(letter) => (letter.to_string(), false),
            };
            let looks_like = fix.chars().next();
            let kind = match like {
                LookAlike::Operator(op) if op.len() > 1 => {
                    ProblemKind::Foreign { written: c.to_string(), here: op.to_owned() }
                }
                _ => ProblemKind::Confusable { written: c, looks_like },
            };
            if readable {
                let text = self.found.text.to_mut();
                let padded = format!("{fix:width$}", width = c.len_utf8());
                if padded.len() == c.len_utf8() {
                    text.replace_range(at.start..at.end, &padded);
                }
            } else {
                self.found.odd.push(at.start);
            }
            // The two quotes of a text are one mistake.
            let same = if matches!(like, LookAlike::Quote) { '"' } else { c };
            let index = self.report(self.seen.get(&same).copied(), at, kind, fix);
            self.seen.insert(same, index);
        }
    }

    fn inside_word(&self, at: Lexeme) -> bool {
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        self.text.get(..at.start).is_some_and(|before| before.ends_with(letter))
            && self.text.get(at.end..).is_some_and(|after| after.starts_with(letter))
    }

    /// `# pipewright: allow(name, …)`
    fn allow(&mut self, lexeme: Lexeme) {
        let comment = self.text.get(lexeme.start..lexeme.end).unwrap_or_default();
        let after = |text: &'_ str, mark: &str| text.trim_start().strip_prefix(mark).map(str::len);
        let Some(left) = after(comment.trim_start_matches('#'), "pipewright:") else { return };
        let Some(left) = comment.get(comment.len() - left..).and_then(|text| after(text, "allow")) else { return };
        let Some(left) = comment.get(comment.len() - left..).and_then(|text| after(text, "(")) else { return };
        let list = comment.get(comment.len() - left..).unwrap_or_default();
        let Some((list, _)) = list.split_once(')') else { return };
        let mut at = lexeme.start + comment.len() - left;
        let mut names = Vec::new();
        for part in list.split(',') {
            let text = part.trim();
            if !text.is_empty() {
                let start = at + (part.len() - part.trim_start().len());
                names.push(Name { text: text.to_owned(), span: Span::new(self.source, start, start + text.len()) });
            }
            at += part.len() + 1;
        }
        let end = lexeme.start + comment.trim_end().len();
        self.found.allows.push(Allow { names, span: Span::new(self.source, lexeme.start, end) });
    }
}

/// What a character outside of ASCII looks like.
#[derive(Clone, Copy)]
enum LookAlike {
    Operator(&'static str),
    Blank,
    Invisible,
    Quote,
    Letter(char),
}

fn look_alike(c: char) -> Option<LookAlike> {
    Some(match c {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => LookAlike::Blank,
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}'
        | '\u{ad}' => LookAlike::Invisible,
        c if c.is_ascii_control() => LookAlike::Invisible,
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '＂' | '‘' | '’' | '‚' | '‛' | '′' | '＇' | '´' => {
            LookAlike::Quote
        }
        '–' | '—' | '−' | '‐' | '‑' | '‒' => LookAlike::Operator("-"),
        '≤' => LookAlike::Operator("<="),
        '≥' => LookAlike::Operator(">="),
        '≠' => LookAlike::Operator("!="),
        '×' | '∗' => LookAlike::Operator("*"),
        '÷' | '∕' => LookAlike::Operator("/"),
        '＝' => LookAlike::Operator("="),
        '，' | '、' => LookAlike::Operator(","),
        '：' => LookAlike::Operator(":"),
        '；' => LookAlike::Operator(";"),
        '（' => LookAlike::Operator("("),
        '）' => LookAlike::Operator(")"),
        '｛' => LookAlike::Operator("{"),
        '｝' => LookAlike::Operator("}"),
        '［' => LookAlike::Operator("["),
        '］' => LookAlike::Operator("]"),
        '｜' | '∣' => LookAlike::Operator("|"),
        '＜' => LookAlike::Operator("<"),
        '＞' => LookAlike::Operator(">"),
        '＋' => LookAlike::Operator("+"),
        '＊' => LookAlike::Operator("*"),
        '。' => LookAlike::Operator("."),
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '０'..='９' => {
            LookAlike::Letter(char::from_u32(u32::from(c).checked_sub(0xfee0)?)?)
        }
        _ => LookAlike::Letter(HOMOGLYPHS.iter().find(|(theirs, _)| *theirs == c)?.1),
    })
}

/// Cyrillic and Greek letters that are drawn like Latin ones.
const HOMOGLYPHS: &[(char, char)] = &[
    ('а', 'a'),
    ('в', 'b'),
    ('е', 'e'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('х', 'x'),
    ('у', 'y'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѕ', 's'),
    ('ԁ', 'd'),
    ('һ', 'h'),
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('Х', 'X'),
    ('α', 'a'),
    ('ο', 'o'),
    ('ν', 'v'),
    ('ρ', 'p'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('Α', 'A'),
    ('Β', 'B'),
    ('Ε', 'E'),
    ('Ο', 'O'),
    ('Τ', 'T'),
];

fn blank(text: &mut String, range: Range<usize>) {
    let blanks: String =
        text.get(range.clone()).unwrap_or_default().bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(range, &blanks);
}

/// Reports the marks of an unresolved merge, and blanks them out with "their" side: one of the two is read.
fn merge_conflicts(source: SourceId, found: &mut Found<'_>) {
    let text = found.text.clone();
    if !text.contains("<<<<<<<") && !text.contains(">>>>>>>") {
        return;
    }
    let mut gone: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    // Where the part begins that is not read.
    let mut theirs: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.trim_end().len();
        at += line.len();
        let is = |mark: &str| {
            line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', '\r']))
        };
        let starts = is("<<<<<<<");
        if starts || (is(">>>>>>>") && !open) {
            let span = Span::new(source, range.start, range.end);
            found.problems.push(Problem { span, kind: ProblemKind::MergeConflict, fix: Vec::new() });
            gone.push(range);
            open = starts;
            theirs = None;
        } else if open && (is("=======") || is("|||||||")) {
            theirs = theirs.or(Some(range.start));
            gone.push(range);
        } else if open && is(">>>>>>>") {
            gone.push(theirs.take().unwrap_or(range.start)..range.end);
            open = false;
        }
    }
    let text = found.text.to_mut();
    // `replace_range` moves the rest of the text only when the length changes.
    for range in gone {
        blank(text, range);
    }
}
