//! The tight half of expressions: chains of operators, prefix and postfix operators, literals, calls, `if`, `match`.

use super::{Builder, P, Placed, first, take};
use crate::Span;
use crate::ast::{Arg, Arm, ChainOp, Expr, ExprKind, Link, Name, Pattern, PatternKind, Piece};
use crate::parser::Rule;
use pest::iterators::Pairs;

/// A chain of one precedence level as it grows.
struct Level {
    first: Option<Placed<Expr>>,
    rest: Vec<Link>,
    end: Span,
}

impl Level {
    fn new() -> Self {
        Self { first: None, rest: Vec::new(), end: Span::default() }
    }

    fn push(&mut self, op: Option<(ChainOp, Span)>, operand: Placed<Expr>) {
        self.end = operand.outer;
        match (op, &self.first) {
            (Some((op, op_span)), Some(_)) => self.rest.push(Link { op, op_span, operand: operand.value }),
            _ => self.first = Some(operand),
        }
    }

    /// The chain, or its only operand; leaves the level empty.
    fn finish(&mut self) -> Option<Placed<Expr>> {
        let Self { first, rest, end } = std::mem::replace(self, Self::new());
        let first = first?;
        if rest.is_empty() {
            return Some(first);
        }
        let outer = first.outer.to(end);
        let kind = ExprKind::Chain { first: Box::new(first.value), rest };
        Some(Placed { value: Expr { kind, span: outer }, outer })
    }
}

impl Builder<'_> {
    /// `arith`: operands and operators, folded into three levels: `??`, `+ -`, `* / %`.
    pub(super) fn arith(&mut self, pair: P<'_>) -> Placed<Expr> {
        let span = self.exact(&pair);
        let mut parts = pair.into_inner();
        let (mut coalesce, mut sum, mut product) = (Level::new(), Level::new(), Level::new());
        let (mut coalesce_op, mut sum_op, mut product_op) = (None, None, None);
        while parts.peek().is_some() {
            let operand = self.operand(&mut parts, span);
            product.push(product_op, operand);
            let Some(op) = parts.next() else { break };
            let at = self.exact(&op);
            let op = match op.as_str() {
                "+" => ChainOp::Add,
                "-" => ChainOp::Subtract,
                "*" => ChainOp::Multiply,
                "/" => ChainOp::Divide,
                "%" => ChainOp::Remainder,
                _ => ChainOp::Coalesce,
            };
            match op {
                ChainOp::Multiply | ChainOp::Divide | ChainOp::Remainder => product_op = Some((op, at)),
                ChainOp::Add | ChainOp::Subtract => {
                    if let Some(done) = product.finish() {
                        sum.push(sum_op, done);
                    }
                    (sum_op, product_op) = (Some((op, at)), None);
                }
                ChainOp::Coalesce => {
                    if let Some(done) = product.finish() {
                        sum.push(sum_op, done);
                    }
                    if let Some(done) = sum.finish() {
                        coalesce.push(coalesce_op, done);
                    }
                    (coalesce_op, sum_op, product_op) = (Some((op, at)), None, None);
                }
            }
        }
        if let Some(done) = product.finish() {
            sum.push(sum_op, done);
        }
        if let Some(done) = sum.finish() {
            coalesce.push(coalesce_op, done);
        }
        coalesce.finish().unwrap_or(Placed { value: Expr { kind: ExprKind::Error, span }, outer: span })
    }

    /// Prefix operators, a primary, postfix operators.
    fn operand(&mut self, parts: &mut Pairs<'_, Rule>, span: Span) -> Placed<Expr> {
        let mut negations = Vec::new();
        while let Some(neg) = take(parts, Rule::neg) {
            negations.push(self.exact(&neg));
        }
        let primary = parts.next();
        let mut postfix = Vec::new();
        while let Some(next) = parts.peek() {
            if !matches!(next.as_rule(), Rule::args | Rule::index | Rule::member) {
                break;
            }
            postfix.extend(parts.next());
        }
        let error = |span| Placed { value: Expr { kind: ExprKind::Error, span }, outer: span };
        let Some(primary) = primary else { return error(span) };
        let at = self.exact(&primary);
        let built = self.deeper(negations.len() + postfix.len(), at, |builder| {
            let mut built = builder.primary(primary).unwrap_or_else(|| error(at));
            for part in postfix {
                built = builder.postfix(built, part);
            }
            built
        });
        let Some(mut built) = built else { return error(at) };
        for minus in negations.into_iter().rev() {
            let outer = minus.to(built.outer);
            built = Placed { value: Expr { kind: ExprKind::Negate(Box::new(built.value)), span: outer }, outer };
        }
        built
    }

    fn postfix(&mut self, base: Placed<Expr>, part: P<'_>) -> Placed<Expr> {
        let own = self.exact(&part);
        let outer = base.outer.to(own);
        let value = Box::new(base.value);
        let kind = match part.as_rule() {
            Rule::args => ExprKind::Call { callee: value, args: self.args(part), args_span: own },
            Rule::index => match first(part) {
                Some(index) => ExprKind::Index(value, Box::new(self.expr(index))),
                None => ExprKind::Error,
            },
            _ => match first(part) {
                Some(name) => ExprKind::Member(value, self.name(name)),
                None => ExprKind::Error,
            },
        };
        Placed { value: Expr { kind, span: outer }, outer }
    }

    pub(super) fn args(&mut self, pair: P<'_>) -> Vec<Arg> {
        let mut args = Vec::new();
        for arg in pair.into_inner() {
            let mut parts = arg.into_inner();
            let name = match take(&mut parts, Rule::null_label).and_then(first) {
                Some(null) => Some(Name { text: null.as_str().to_owned(), span: self.exact(&null) }),
                None => take(&mut parts, Rule::label).and_then(|label| self.label(label)),
            };
            if let Some(value) = parts.next() {
                args.push(Arg { name, value: self.expr(value) });
            }
        }
        args
    }

    /// A literal, a name, or something in brackets.
    pub(super) fn primary(&mut self, pair: P<'_>) -> Option<Placed<Expr>> {
        let rule = pair.as_rule();
        if rule == Rule::paren {
            let outer = self.exact(&pair);
            let value = self.expr(first(pair)?);
            return Some(Placed { value, outer });
        }
        // Only `if` ends in something that may have blanks behind it.
        let span = if rule == Rule::if_ { self.span(&pair) } else { self.exact(&pair) };
        let written = pair.as_str();
        let kind = match rule {
            Rule::name => ExprKind::Name(self.name(pair)),
            Rule::number => ExprKind::Number(written.replace('_', "")),
            Rule::percent => ExprKind::Percent(written.trim_end_matches('%').replace('_', "")),
            Rule::duration => ExprKind::Duration(self.duration(written, span)),
            Rule::size => ExprKind::Size(self.size(written, span)),
            Rule::instant => ExprKind::Instant(written.trim_start_matches('@').to_owned()),
            Rule::string => ExprKind::String(self.text(pair).value),
            Rule::foreign_string => ExprKind::String(self.foreign_text(pair).value),
            Rule::raw_string => ExprKind::Raw(self.raw(pair).value),
            Rule::text_block => ExprKind::String(self.text_block(written)),
            Rule::fstring => ExprKind::Interpolated(self.pieces(pair)),
            Rule::k_true => ExprKind::Bool(true),
            Rule::k_false => ExprKind::Bool(false),
            Rule::k_null => ExprKind::Null,
            Rule::list => ExprKind::List(pair.into_inner().map(|item| self.expr(item)).collect()),
            Rule::record => ExprKind::Record(self.record(pair)),
            Rule::if_ => self.if_expr(pair)?,
            Rule::match_ => self.match_expr(pair)?,
            _ => return None,
        };
        Some(Placed { value: Expr { kind, span }, outer: span })
    }

    fn pieces(&mut self, pair: P<'_>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for part in pair.into_inner() {
            let text = match part.as_rule() {
                Rule::hole => {
                    pieces.extend(first(part).map(|expr| Piece::Hole(self.expr(expr))));
                    continue;
                }
                Rule::f_brace => part.as_str().get(..1).unwrap_or_default().to_owned(),
                _ => self.unescape(part.as_str(), self.exact(&part).start as usize),
            };
            match pieces.last_mut() {
                Some(Piece::Text(before)) => before.push_str(&text),
                _ => pieces.push(Piece::Text(text)),
            }
        }
        pieces
    }

    fn if_expr(&mut self, pair: P<'_>) -> Option<ExprKind> {
        let mut exprs: Vec<Expr> = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::expr {
                exprs.push(self.expr(part));
            }
        }
        let otherwise = Box::new(exprs.pop()?);
        let mut branches = Vec::with_capacity(exprs.len() / 2);
        let mut exprs = exprs.into_iter();
        while let (Some(condition), Some(value)) = (exprs.next(), exprs.next()) {
            branches.push((condition, value));
        }
        Some(ExprKind::If { branches, otherwise })
    }

    fn match_expr(&mut self, pair: P<'_>) -> Option<ExprKind> {
        let mut parts = pair.into_inner();
        take(&mut parts, Rule::k_match)?;
        let subject = Box::new(self.expr(parts.next()?));
        Some(ExprKind::Match { subject, arms: parts.filter_map(|arm| self.arm(arm)).collect() })
    }

    fn arm(&mut self, pair: P<'_>) -> Option<Arm> {
        let mut parts = pair.into_inner();
        let mut patterns = Vec::new();
        while let Some(pattern) = take(&mut parts, Rule::pattern) {
            patterns.extend(self.pattern(pattern));
        }
        Some(Arm { patterns, value: self.expr(parts.next()?) })
    }

    fn pattern(&mut self, pair: P<'_>) -> Option<Pattern> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let negative = take(&mut parts, Rule::neg).is_some();
        let part = parts.next()?;
        let kind = match part.as_rule() {
            Rule::any_other => PatternKind::Any,
            Rule::k_null => PatternKind::Null,
            Rule::k_true => PatternKind::Bool(true),
            Rule::k_false => PatternKind::Bool(false),
            Rule::string => PatternKind::String(self.text(part).value),
            Rule::foreign_string => PatternKind::String(self.foreign_text(part).value),
            _ => {
                let sign = if negative { "-" } else { "" };
                PatternKind::Number(format!("{sign}{}", part.as_str().replace('_', "")))
            }
        };
        Some(Pattern { kind, span })
    }
}
