//! Names, strings, numbers and doc comments: what a single token means.

use super::{Builder, P};
use crate::ast::{Doc, Name, Text};
use crate::keywords::RESERVED;
use crate::parser::Rule;
use crate::{ProblemKind, Span};

impl Builder<'_> {
    /// A `name` or `word`.
    pub(super) fn name(&self, pair: P<'_>) -> Name {
        let span = self.exact(&pair);
        let text = pair.as_str().trim_matches('`').to_owned();
        Name { text, span }
    }

    /// A double-quoted string.
    pub(super) fn text(&mut self, pair: P<'_>) -> Text {
        let span = self.exact(&pair);
        let inner = pair.as_str();
        let inner = inner.get(1..inner.len().saturating_sub(1)).unwrap_or_default();
        Text { value: self.unescape(inner, span.start as usize + 1), span }
    }

    /// `r"…"`
    pub(super) fn raw(&self, pair: P<'_>) -> Text {
        let written = pair.as_str();
        let value = written.get(2..written.len().saturating_sub(1)).unwrap_or_default().to_owned();
        Text { value, span: self.exact(&pair) }
    }

    /// `'…'`: read as a string, and reported.
    pub(super) fn foreign_text(&mut self, pair: P<'_>) -> Text {
        let span = self.exact(&pair);
        let written = pair.as_str();
        let value = written.get(1..written.len().saturating_sub(1)).unwrap_or_default().to_owned();
        self.foreign(span, written, quote(&value));
        Text { value, span }
    }

    /// The digits of an `integer`, as written.
    pub(super) fn integer(&self, pair: &P<'_>) -> Text {
        Text { value: pair.as_str().replace('_', ""), span: self.exact(pair) }
    }

    /// `##` lines.
    pub(super) fn doc(&self, pair: P<'_>) -> Doc {
        let span = self.span(&pair);
        let lines: Vec<_> = pair
            .into_inner()
            .filter(|line| line.as_rule() == Rule::doc_line)
            .map(|line| {
                let text = line.as_str().trim_start_matches('#').trim_end();
                text.strip_prefix(' ').unwrap_or(text).to_owned()
            })
            .collect();
        Doc { text: lines.join("\n"), span }
    }

    /// Text with its escapes resolved; `at` is where it begins in the file.
    pub(super) fn unescape(&mut self, text: &str, at: usize) -> String {
        if !text.contains('\\') {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        // All of one literal are one problem: who forgets the `r` of a regular expression makes one mistake.
        let mut reported: Option<usize> = None;
        while let Some(n) = rest.find('\\') {
            let (before, escape) = rest.split_at(n);
            out.push_str(before);
            let here = at + text.len() - escape.len();
            let (len, value) = escape_value(escape);
            match value {
                Some(c) => out.push(c),
                None => {
                    let written = escape.get(..len).unwrap_or(escape);
                    let span = Span::new(self.source, here, here + written.len());
                    // A lone backslash is most often meant as one: a Windows path, a regular expression.
                    let edit = (Span::new(self.source, here, here + 1), "\\\\".to_owned());
                    match reported.and_then(|index| self.problems.get_mut(index)) {
                        Some(problem) => problem.fix.push(edit),
                        None => {
                            reported = Some(self.problems.len());
                            self.problem_with_fix(span, ProblemKind::BadEscape(written.to_owned()), vec![edit]);
                        }
                    }
                    out.push_str(written);
                }
            }
            rest = escape.get(len..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }

    /// A `"""` text block: without the line break after the opening and before the closing marks, and without the
    /// indentation that all of its lines share.
    pub(super) fn text_block(&self, written: &str) -> String {
        let inner = written.get(3..written.len().saturating_sub(3)).unwrap_or_default();
        let inner = inner.replace("\r\n", "\n");
        let Some(inner) = inner.strip_prefix('\n') else { return inner };
        let body = match inner.rfind('\n') {
            Some(n) if inner.get(n + 1..).is_some_and(|last| last.trim().is_empty()) => inner.get(..n).unwrap_or(inner),
            None if inner.trim().is_empty() => "",
            _ => inner,
        };
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let shared = body.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
        let lines: Vec<_> = body.split('\n').map(|line| line.get(shared..).unwrap_or("")).collect();
        lines.join("\n")
    }

    /// A duration in microseconds.
    pub(super) fn duration(&mut self, written: &str, span: Span) -> i64 {
        let mut total: Option<i64> = Some(0);
        let mut rest = written;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (number, tail) = rest.split_at(digits);
            let unit_len = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_len);
            let factor = match unit {
                "us" => 1,
                "ms" => 1_000,
                "s" => 1_000_000,
                "m" => 60_000_000,
                "h" => 3_600_000_000,
                _ => 86_400_000_000,
            };
            let part = number.replace('_', "").parse::<i64>().ok().and_then(|n| n.checked_mul(factor));
            total = total.zip(part).and_then(|(a, b)| a.checked_add(b));
            rest = tail;
        }
        total.unwrap_or_else(|| {
            self.problem(span, ProblemKind::TooLarge);
            i64::MAX
        })
    }

    /// A size in bytes.
    pub(super) fn size(&mut self, written: &str, span: Span) -> u64 {
        let digits = written.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(written.len());
        let (number, unit) = written.split_at(digits);
        let factor = match unit {
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => 1,
        };
        number.replace('_', "").parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).unwrap_or_else(|| {
            self.problem(span, ProblemKind::TooLarge);
            u64::MAX
        })
    }
}

/// A string literal for this text.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The length of the escape that `text` begins with, and its value. Surrogate pairs (JSON's) count as one escape.
fn escape_value(text: &str) -> (usize, Option<char>) {
    let mut chars = text.chars();
    chars.next();
    let Some(kind) = chars.next() else { return (text.len(), None) };
    let simple = |c| (2, Some(c));
    match kind {
        '"' | '\\' | '/' => simple(kind),
        'n' => simple('\n'),
        't' => simple('\t'),
        'r' => simple('\r'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'u' => code_point(text),
        _ => (1 + kind.len_utf8(), None),
    }
}

/// `\u{1F600}`, `\u00e9`, `\ud83d\ude00`
fn code_point(text: &str) -> (usize, Option<char>) {
    let rest = text.get(2..).unwrap_or_default();
    if let Some(braced) = rest.strip_prefix('{') {
        let Some(n) = braced.find('}').filter(|n| *n <= 6) else { return (2, None) };
        let value = braced.get(..n).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        return (n + 4, value);
    }
    let unit = |text: Option<&str>| {
        text.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|hex| u16::from_str_radix(hex, 16).ok())
    };
    let Some(first) = unit(rest.get(..4)) else { return (2, None) };
    if !(0xd800..0xe000).contains(&first) {
        return (6, char::from_u32(u32::from(first)));
    }
    let second = rest.get(4..).and_then(|tail| tail.strip_prefix("\\u")).and_then(|tail| unit(tail.get(..4)));
    match second.and_then(|second| char::decode_utf16([first, second]).next()).and_then(Result::ok) {
        Some(c) => (12, Some(c)),
        None => (6, None),
    }
}

/// True for a name that has to stand in backticks, as far as it has no such character itself.
pub(crate) fn needs_quotes(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let starts = name.starts_with(|c: char| c.is_ascii_digit());
    !name.is_empty()
        && !name.contains(['`', '\n'])
        && (RESERVED.contains(&name) || (!plain || starts) && name.chars().any(char::is_alphabetic))
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '$'))
}
