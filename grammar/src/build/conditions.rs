//! The loose half of expressions: `or`, `and`, `not`, comparisons. The grammar gives flat lists; precedence is made here.

use super::{Builder, P, Placed, first, take};
use crate::ast::{CompareOp, Expr, ExprKind, LogicOp};
use crate::parser::Rule;
use crate::{ProblemKind, Span};

impl Builder<'_> {
    pub(super) fn expr(&mut self, pair: P<'_>) -> Expr {
        self.placed_expr(pair).value
    }

    /// `expr`: terms joined by `and` and `or`.
    pub(super) fn placed_expr(&mut self, pair: P<'_>) -> Placed<Expr> {
        let mut any: Vec<Placed<Expr>> = Vec::new();
        let mut all: Vec<Placed<Expr>> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::k_or => any.push(logic(LogicOp::And, std::mem::take(&mut all))),
                Rule::k_and => {}
                Rule::foreign_logic => {
                    let (span, written) = (self.exact(&part), part.as_str());
                    if written == "||" {
                        self.foreign(span, written, "or");
                        any.push(logic(LogicOp::And, std::mem::take(&mut all)));
                    } else {
                        self.foreign(span, written, "and");
                    }
                }
                _ => all.push(self.condition(part)),
            }
        }
        any.push(logic(LogicOp::And, all));
        logic(LogicOp::Or, any)
    }

    /// `cond`: `not`s, an operand, and at most one comparison.
    fn condition(&mut self, pair: P<'_>) -> Placed<Expr> {
        // Of use only where something is wrong: the exact place is dear.
        let span = self.exact(&pair);
        let mut parts = pair.into_inner();
        let mut nots = Vec::new();
        while let Some(not) = parts.peek() {
            match not.as_rule() {
                Rule::k_not => nots.push(self.exact(&not)),
                Rule::foreign_not => {
                    let at = self.exact(&not);
                    let fix = vec![(at, "not ".to_owned())];
                    let kind = ProblemKind::Foreign { written: "!".to_owned(), here: "not".to_owned() };
                    self.problem_with_fix(at, kind, fix);
                    nots.push(at);
                }
                _ => break,
            }
            parts.next();
        }
        let built = self.deeper(nots.len(), span, |builder| {
            let left = builder.arith(parts.next()?);
            let Some(tail) = parts.next() else { return Some(left) };
            if let Some(second) = parts.next() {
                let at = first(second.clone()).map_or(span, |op| builder.exact(&op));
                let fix = if nots.is_empty() && parts.next().is_none() {
                    builder.unchained(&tail, &second).into_iter().collect()
                } else {
                    Vec::new()
                };
                builder.problem_with_fix(at, ProblemKind::ChainedComparison, fix);
            }
            builder.tail(left, tail)
        });
        let Some(mut placed) = built.flatten() else {
            return Placed { value: Expr { kind: ExprKind::Error, span }, outer: span };
        };
        for not in nots.into_iter().rev() {
            let outer = not.to(placed.outer);
            placed = Placed { value: Expr { kind: ExprKind::Not(Box::new(placed.value)), span: outer }, outer };
        }
        placed
    }

    /// `a < b < c` as two comparisons: what to insert before the second operator. Only where both look the same way, so that no
    /// other reading is likely, and where what is in the middle may be evaluated twice.
    fn unchained(&self, first_tail: &P<'_>, second: &P<'_>) -> Option<(Span, String)> {
        let ((left, middle), (right, _)) = (comparison(first_tail.clone())?, comparison(second.clone())?);
        let direction = |op: &P<'_>| op.as_str().chars().next();
        let same = direction(&left) == direction(&right) && left.as_str() != "!=";
        let span = self.span(&middle);
        let text = self.written.get(span.range())?;
        let at = self.exact(&right);
        let plain = !text.contains(['(', '\n', '#']);
        (same && plain).then(|| (Span { end: at.start, ..at }, format!("and {text} ")))
    }

    /// `cmp_tail`
    fn tail(&mut self, left: Placed<Expr>, pair: P<'_>) -> Option<Placed<Expr>> {
        let outer = left.outer.to(self.span(&pair));
        let mut parts = pair.into_inner();
        let operand = Box::new(left.value);
        let op = parts.next()?;
        let op_span = self.exact(&op);
        let (negated, op) = match op.as_rule() {
            Rule::k_not => (true, parts.next()?),
            _ => (false, op),
        };
        let kind = match op.as_rule() {
            Rule::cmp_op | Rule::foreign_cmp => {
                let op = self.compare_op(op.as_str(), op_span);
                let right = Box::new(self.arith(parts.next()?).value);
                ExprKind::Compare { op, op_span, left: operand, right }
            }
            Rule::k_is => ExprKind::IsNull { operand, negated: take(&mut parts, Rule::k_not).is_some() },
            Rule::k_in => {
                let list = parts.next()?;
                if list.as_rule() == Rule::foreign_list {
                    self.foreign_list(&list);
                }
                ExprKind::In { operand, list: list.into_inner().map(|item| self.expr(item)).collect(), negated }
            }
            Rule::k_between => {
                let low = Box::new(self.arith(parts.next()?).value);
                take(&mut parts, Rule::k_and)?;
                let high = Box::new(self.arith(parts.next()?).value);
                ExprKind::Between { operand, low, high, negated }
            }
            Rule::k_like => ExprKind::Like { operand, pattern: Box::new(self.arith(parts.next()?).value), negated },
            Rule::match_op => {
                let negated = op.as_str() == "!~";
                let pattern = parts.next()?;
                let pattern = match pattern.as_rule() {
                    Rule::raw_string => self.raw(pattern),
                    _ => self.text(pattern),
                };
                ExprKind::Matches { operand, pattern, negated }
            }
            _ => return None,
        };
        Some(Placed { value: Expr { kind, span: outer }, outer })
    }

    fn compare_op(&mut self, written: &str, span: Span) -> CompareOp {
        match written {
            "!=" => CompareOp::NotEqual,
            "<" => CompareOp::Less,
            "<=" => CompareOp::LessOrEqual,
            ">" => CompareOp::Greater,
            ">=" => CompareOp::GreaterOrEqual,
            "<>" => {
                self.foreign(span, written, "!=");
                CompareOp::NotEqual
            }
            "=" => {
                self.foreign(span, written, "==");
                CompareOp::Equal
            }
            _ => CompareOp::Equal,
        }
    }

    /// SQL's `in (a, b)`.
    fn foreign_list(&mut self, list: &P<'_>) {
        let span = self.span(list);
        let open = Span { end: span.start + 1, ..span };
        let close = Span { start: span.end.saturating_sub(1), ..span };
        let kind = ProblemKind::Foreign { written: "in (…)".to_owned(), here: "in […]".to_owned() };
        self.problem_with_fix(span, kind, vec![(open, "[".to_owned()), (close, "]".to_owned())]);
    }
}

/// The operator and the operand of a `cmp_tail` that compares.
fn comparison(tail: P<'_>) -> Option<(P<'_>, P<'_>)> {
    let mut parts = tail.into_inner();
    let op = take(&mut parts, Rule::cmp_op)?;
    Some((op, take(&mut parts, Rule::arith)?))
}

/// Terms of one operator; a single one stays as it is.
fn logic(op: LogicOp, mut terms: Vec<Placed<Expr>>) -> Placed<Expr> {
    let outer = match (terms.first(), terms.last()) {
        (Some(first), Some(last)) => first.outer.to(last.outer),
        _ => Span::default(),
    };
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => {
            let terms = terms.into_iter().chain(last).map(|term| term.value).collect();
            Placed { value: Expr { kind: ExprKind::Logic { op, terms }, span: outer }, outer }
        }
    }
}
