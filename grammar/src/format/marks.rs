//! What the parse tree knows and the tokens do not: where entries and steps begin, which `-` is a sign, which `(` is a
//! call, which characters make up one token.

use std::collections::HashSet;
use std::ops::Range;

use pest::iterators::Pair;

use crate::json::is_json_object;
use crate::parser::Rule;

/// The marks of one unit, by byte.
#[derive(Default)]
pub(super) struct Marks {
    /// Pieces of text that are one token, in order.
    pub verbatim: Vec<Range<usize>>,
    /// Where the entries of a block, the items of a list, the arguments of a call begin.
    pub elements: HashSet<usize>,
    /// The `|` of each step.
    pub steps: HashSet<usize>,
    /// The bracket of a call or an index: it stands close to what is before it.
    pub calls: HashSet<usize>,
    /// The bracket of a parenthesised expression.
    pub parens: HashSet<usize>,
    /// The sign of `-x`.
    pub signs: HashSet<usize>,
    /// The `{` of a test: its lines are not separated by commas.
    pub tests: HashSet<usize>,
}

impl Marks {
    /// Collects the marks of a unit.
    pub(super) fn of(unit: Pair<'_, Rule>) -> Self {
        let mut marks = Self::default();
        marks.visit(unit, Rule::unit);
        marks.verbatim.sort_by_key(|range| range.start);
        marks
    }

    fn visit(&mut self, pair: Pair<'_, Rule>, parent: Rule) {
        let rule = pair.as_rule();
        let span = pair.as_span();
        let start = span.start();
        match rule {
            Rule::instant
            | Rule::number
            | Rule::duration
            | Rule::size
            | Rule::percent
            | Rule::fstring
            | Rule::cmp_op
            | Rule::match_op
            | Rule::coalesce => {
                self.verbatim.push(start..span.end());
                return;
            }
            Rule::row if is_json_object(span.as_str()) => {
                self.elements.insert(start);
                self.verbatim.push(start..span.end());
                return;
            }
            Rule::entry
            | Rule::field_decl
            | Rule::arm
            | Rule::branch
            | Rule::row
            | Rule::arg
            | Rule::fn_param
            | Rule::given
            | Rule::expect
            | Rule::advance
            | Rule::restart => {
                self.elements.insert(start);
            }
            Rule::expr if parent == Rule::list => {
                self.elements.insert(start);
            }
            Rule::item if parent == Rule::braced_items => {
                self.elements.insert(start);
            }
            Rule::step => {
                let before = span.get_input().get(..start).unwrap_or_default();
                self.steps.extend(step_mark(before));
            }
            Rule::args | Rule::index => {
                self.calls.insert(start);
            }
            Rule::paren => {
                self.parens.insert(start);
            }
            Rule::neg => {
                self.signs.insert(start);
            }
            Rule::test => {
                let title = pair.clone().into_inner().nth(1).map(|title| title.as_span().end());
                let rest = title.and_then(|end| span.get_input().get(end..).map(|rest| (end, rest)));
                self.tests.extend(rest.and_then(|(end, rest)| rest.find('{').map(|n| end + n)));
            }
            _ => {}
        }
        for child in pair.into_inner() {
            self.visit(child, rule);
        }
    }
}

/// The `|` before a step: the last one on a line of code, comments skipped.
fn step_mark(before: &str) -> Option<usize> {
    let mut end = before.len();
    loop {
        let line_start = before.get(..end)?.rfind('\n').map_or(0, |n| n + 1);
        let line = before.get(line_start..end)?;
        let trimmed = line.trim();
        if trimmed.ends_with('|') {
            return line.rfind('|').map(|n| line_start + n);
        }
        // A comment between `|` and the step: the mark stands before the comment, or on a line above.
        if let Some(n) = line.find('#').and_then(|n| line.get(..n)).and_then(|code| code.trim_end().strip_suffix('|')) {
            return Some(line_start + n.len());
        }
        end = line_start.checked_sub(1)?;
    }
}
