//! From pest's pairs to the tree.
//!
//! Knows one unit: its text, and where in which file it begins. Foreign spellings are normalised and reported here.
//! Functions that give an `Option` give `None` only where the grammar promised a part that is not there; the unit is
//! then a stub, never a panic. Depth along any path of the tree is bounded (see [`Builder::deeper`]).

mod conditions;
mod declarations;
mod expressions;
mod records;
mod steps;
mod tests;
mod tokens;
mod types;

use pest::iterators::{Pair, Pairs};

use crate::ast::Declaration;
use crate::explain::{self, Site};
use crate::parser::Rule;
use crate::{Problem, ProblemKind, SourceId, Span};

pub(crate) use tokens::needs_quotes;

type P<'i> = Pair<'i, Rule>;

/// How many prefix and postfix operators may stack up on one path (brackets are counted before parsing).
const MAX_WRAPS: usize = 100;

/// Builds the tree of one unit.
pub(crate) struct Builder<'t> {
    source: SourceId,
    /// The file as it was written: what was parsed may have `-` and blanks where this has `–`.
    written: &'t str,
    /// Where the unit begins in its file.
    base: usize,
    wraps: usize,
    /// How many failures may still be explained: that is the slow part.
    pub explanations: usize,
    /// What was found on the way.
    pub problems: Vec<Problem>,
}

/// An expression with the place it takes up, its parentheses included.
struct Placed<T> {
    value: T,
    outer: Span,
}

impl<'t> Builder<'t> {
    /// A builder for a unit that begins at byte `base` of `source`, which reads `written`.
    pub(crate) fn new(source: SourceId, base: usize, written: &'t str) -> Self {
        Self { source, base, written, wraps: 0, explanations: usize::MAX, problems: Vec::new() }
    }

    /// The tree of a parsed `unit`.
    pub(crate) fn unit(&mut self, unit: P<'_>) -> Option<Declaration> {
        let mut declaration = None;
        let mut stray = false;
        for part in unit.into_inner() {
            match part.as_rule() {
                Rule::declaration => declaration = self.declaration(part),
                Rule::stray_close if !stray => {
                    stray = true;
                    let (span, text) = (self.exact(&part), part.as_str().to_owned());
                    self.problem_with_fix(span, ProblemKind::StrayClose(text), vec![(span, String::new())]);
                }
                Rule::doc => self.nothing_to_document(&part),
                _ => {}
            }
        }
        declaration
    }

    /// The place of a token.
    fn exact(&self, pair: &P<'_>) -> Span {
        let span = pair.as_span();
        self.place(span.start(), span.end())
    }

    /// Bytes of the unit as a place in the file, on the boundaries of its characters.
    fn place(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.base + start, self.base + end).on_boundaries(self.written)
    }

    /// The place of a part, without the blanks and comments that pest leaves at its end.
    fn span(&self, pair: &P<'_>) -> Span {
        let start = pair.as_span().start();
        self.place(start, end_of(pair.clone()).max(start))
    }

    fn problem(&mut self, span: Span, kind: ProblemKind) {
        self.problem_with_fix(span, kind, Vec::new());
    }

    fn problem_with_fix(&mut self, span: Span, kind: ProblemKind, fix: Vec<(Span, String)>) {
        self.problems.push(Problem { span, kind, fix });
    }

    /// Reports a foreign spelling; `here` takes the place of `span`.
    fn foreign(&mut self, span: Span, written: impl Into<String>, here: impl Into<String>) {
        let here = here.into();
        let fix = vec![(span, here.clone())];
        self.problem_with_fix(span, ProblemKind::Foreign { written: written.into(), here }, fix);
    }

    /// Says what is wrong with a part that could only be read as "something": parses it once more as `rule`.
    fn explain(&mut self, rule: Rule, part: &P<'_>, site: Site, within: Option<String>) {
        let Some(left) = self.explanations.checked_sub(1) else { return };
        self.explanations = left;
        let span = part.as_span();
        let place = explain::Place {
            source: self.source,
            base: self.base + span.start(),
            input: span.get_input(),
            at: span.start(),
        };
        self.problems.extend(explain::explain(rule, part.as_str(), site, within, &place));
    }

    fn nothing_to_document(&mut self, doc: &P<'_>) {
        let span = self.span(doc);
        self.problem(span, ProblemKind::NothingToDocument);
    }

    /// Builds something below `wraps` prefix and postfix operators, or reports that they are too many.
    fn deeper<T>(&mut self, wraps: usize, at: Span, build: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.wraps + wraps > MAX_WRAPS {
            if !self.problems.iter().any(|problem| problem.kind == ProblemKind::NestedTooDeeply) {
                self.problem(at, ProblemKind::NestedTooDeeply);
            }
            return None;
        }
        self.wraps += wraps;
        let built = build(self);
        self.wraps -= wraps;
        Some(built)
    }
}

/// The first child of a rule.
fn first(pair: P<'_>) -> Option<P<'_>> {
    pair.into_inner().next()
}

/// The next child, if it is of this rule.
fn take<'i>(children: &mut Pairs<'i, Rule>, rule: Rule) -> Option<P<'i>> {
    if children.peek().is_some_and(|pair| pair.as_rule() == rule) { children.next() } else { None }
}

/// Where a part ends: after its last token. What follows the last child is blanks, comments and closing brackets.
fn end_of(mut pair: P<'_>) -> usize {
    let mut ends = Vec::new();
    loop {
        let span = pair.as_span();
        match pair.into_inner().next_back() {
            Some(last) => {
                ends.push(span.end());
                pair = last;
            }
            None => {
                // A rule without children is a token, or ends in a literal.
                let mut end = span.end();
                for outer in ends.iter().rev() {
                    end += span.get_input().get(end..*outer).map_or(0, last_code);
                }
                return end;
            }
        }
    }
}

/// One past the last byte of `text` that is no blank and no comment. There are no strings in it.
fn last_code(text: &str) -> usize {
    let mut last = 0;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.find('#').into_iter().chain(line.find("//")).min();
        let code = comment.and_then(|n| line.get(..n)).unwrap_or(line).trim_end();
        if !code.is_empty() {
            last = offset + code.len();
        }
        offset += line.len();
    }
    last
}
