//! `+ - * / % ??`, `-x` and comparisons. Chains are folded from the left in a loop.

use pipewright_expr::typing;
use pipewright_grammar::{Span, ast};
use pipewright_plan::{ArithmeticOp, Base, CompareOp, Expr, ExprKind, Literal, Type};

use super::scope::Names;
use super::{Checker, span_of};
use crate::diagnostics::{ComparisonWithNull, ConstantError, NeverNull};

impl Checker<'_, '_> {
    /// `a + b - c`, `a * b / c`, `a ?? b`
    pub(super) fn chain(
        &mut self,
        first: &ast::Expr,
        rest: &[ast::Link],
        span: Span,
        names: &Names,
        hint: Option<&Type>,
    ) -> Expr {
        if rest.iter().all(|link| link.op == ast::ChainOp::Coalesce) {
            let terms: Vec<&ast::Expr> = std::iter::once(first).chain(rest.iter().map(|link| &link.operand)).collect();
            return self.coalesce(&terms, rest, span, names, hint);
        }
        let hint = hint.filter(|ty| ty.base == Base::Float64);
        let mut left = self.expr(first, names, hint);
        for (at, link) in rest.iter().enumerate() {
            let right = self.expr(&link.operand, names, hint);
            let end = if at + 1 == rest.len() { span } else { link.operand.span };
            let whole = Span { end: end.end, ..span };
            let op = match link.op {
                ast::ChainOp::Add => ArithmeticOp::Add,
                ast::ChainOp::Subtract => ArithmeticOp::Subtract,
                ast::ChainOp::Multiply => ArithmeticOp::Multiply,
                ast::ChainOp::Divide => ArithmeticOp::Divide,
                ast::ChainOp::Remainder => ArithmeticOp::Remainder,
                // The parser keeps `??` in chains of its own; a tree made otherwise is read from the left.
                ast::ChainOp::Coalesce => {
                    left = self.either(left, right, whole);
                    continue;
                }
            };
            left = self.arithmetic(op, (link.op_span, whole), left, right, names);
        }
        left
    }

    fn arithmetic(
        &mut self,
        op: ArithmeticOp,
        (op_span, whole): (Span, Span),
        left: Expr,
        right: Expr,
        names: &Names,
    ) -> Expr {
        if left.ty.is_unknown() || right.ty.is_unknown() {
            return self.unknown(whole);
        }
        if matches!(op, ArithmeticOp::Divide | ArithmeticOp::Remainder) && right.ty.base.is_number() && is_zero(&right)
        {
            self.diagnostics.emit(ConstantError { span: span_of(&right), reason: "division by zero".to_owned() });
            return self.unknown(whole);
        }
        let operands = vec![self.operand_in(&left, names), self.operand_in(&right, names)];
        match typing::arithmetic(op, left, right) {
            Ok((left, right, ty)) => {
                let kind = ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) };
                let value = self.typed(kind, ty, whole);
                self.fold(value)
            }
            Err(problem) => {
                self.refuse_operator(problem, op_span, whole, operands);
                self.unknown(whole)
            }
        }
    }

    /// `a ?? b ?? c`
    fn coalesce(
        &mut self,
        terms: &[&ast::Expr],
        links: &[ast::Link],
        span: Span,
        names: &Names,
        hint: Option<&Type>,
    ) -> Expr {
        let mut values: Vec<Expr> = vec![];
        let mut never_null = None;
        for (at, term) in terms.iter().enumerate() {
            let value = self.expr(term, names, hint);
            if never_null.is_none() && at + 1 < terms.len() && !value.ty.nullable && !value.ty.is_unknown() {
                never_null = links.get(at).map(|link| (value.clone(), link.op_span));
            }
            values.push(value);
        }
        if let Some((value, op)) = never_null {
            let dead = Span { start: op.start, ..span };
            let tail = Span { start: self.end_of(span_of(&value), op), ..span };
            self.diagnostics.emit(NeverNull {
                what: self.short_text(span_of(&value)),
                span: span_of(&value),
                ty: value.ty.clone(),
                tested: self.narrowed(&value, names),
                declared: self.declared(&value, names),
                dead: Some((dead, tail)),
            });
        }
        self.coalesced(values, span, names)
    }

    fn either(&mut self, left: Expr, right: Expr, span: Span) -> Expr {
        self.coalesced(vec![left, right], span, &Names::constant())
    }

    fn coalesced(&mut self, values: Vec<Expr>, span: Span, names: &Names) -> Expr {
        let nullable = values.iter().all(|value| value.ty.nullable);
        match self.unify(values, "the two sides of `??`", span, names) {
            Some((values, ty)) => {
                let ty = Type { base: ty.base, nullable };
                self.typed(ExprKind::Coalesce(values), ty, span)
            }
            None => self.unknown(span),
        }
    }

    /// `-x`, `--x`
    pub(super) fn negate(&mut self, expr: &ast::Expr, names: &Names, hint: Option<&Type>) -> Expr {
        let (mut spans, mut at) = (vec![], expr);
        while let ast::ExprKind::Negate(inner) = &at.kind {
            spans.push(at.span);
            at = inner;
        }
        let mut value = match &at.kind {
            // The smallest int64 has no positive counterpart: sign and digits are read as one.
            ast::ExprKind::Number(digits) => {
                let span = spans.pop().unwrap_or(at.span);
                self.number(&format!("-{digits}"), span, hint)
            }
            _ => self.expr(at, names, hint),
        };
        while let Some(span) = spans.pop() {
            if value.ty.is_unknown() {
                return self.unknown(span);
            }
            match typing::negation(&value) {
                Ok(ty) => {
                    let inner = if ty.base == Base::Int64 && value.ty.base == Base::Int32 {
                        let (ty, origin) = (ty.clone(), value.origin);
                        Expr { kind: ExprKind::Widen(Box::new(value)), ty, origin }
                    } else {
                        value
                    };
                    let negated = self.typed(ExprKind::Negate(Box::new(inner)), ty, span);
                    value = self.fold(negated);
                }
                Err(problem) => {
                    let operand = self.operand_in(&value, names);
                    self.refuse(problem, span, vec![operand]);
                    return self.unknown(span);
                }
            }
        }
        value
    }

    pub(super) fn compare(
        &mut self,
        (op, op_span): (ast::CompareOp, Span),
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        names: &Names,
    ) -> Expr {
        let is_null = |side: &ast::Expr| matches!(side.kind, ast::ExprKind::Null);
        if is_null(left) || is_null(right) {
            let operand = if is_null(right) { left } else { right };
            let value = self.expr(operand, names, None);
            let test = match op {
                ast::CompareOp::Equal => Some("is null"),
                ast::CompareOp::NotEqual => Some("is not null"),
                _ => None,
            };
            self.diagnostics.emit(ComparisonWithNull {
                operator: self.context.sources.text(op_span).to_owned(),
                span,
                null: if is_null(right) { right.span } else { left.span },
                test: test.map(|test| {
                    // Only the side that is no null and the spaces before it stay.
                    let edits = if is_null(right) {
                        vec![(op_span.to(right.span), test.to_owned())]
                    } else {
                        let rest = Span { start: left.span.start, end: operand.span.start, ..span };
                        vec![(rest, String::new()), (span.after(), format!(" {test}"))]
                    };
                    (test, edits)
                }),
            });
            drop(value);
            return self.unknown(span);
        }
        let op = match op {
            ast::CompareOp::Equal => CompareOp::Equal,
            ast::CompareOp::NotEqual => CompareOp::NotEqual,
            ast::CompareOp::Less => CompareOp::Less,
            ast::CompareOp::LessOrEqual => CompareOp::LessOrEqual,
            ast::CompareOp::Greater => CompareOp::Greater,
            ast::CompareOp::GreaterOrEqual => CompareOp::GreaterOrEqual,
        };
        let left = self.expr(left, names, None);
        let hint = left.ty.clone();
        // Only a bare word wants the hint: a string is judged by the comparison itself, on both places.
        let hint = matches!(right.kind, ast::ExprKind::Name(_)).then_some(&hint);
        let right = self.expr(right, names, hint);
        self.comparison(op, (op_span, span), left, right, names)
    }

    pub(super) fn comparison(
        &mut self,
        op: CompareOp,
        (op_span, span): (Span, Span),
        left: Expr,
        right: Expr,
        names: &Names,
    ) -> Expr {
        if left.ty.is_unknown() || right.ty.is_unknown() {
            return self.unknown(span);
        }
        let operands = vec![self.operand_in(&left, names), self.operand_in(&right, names)];
        if self.outside_of_set(&left, &right, names) || self.outside_of_set(&right, &left, names) {
            return self.unknown(span);
        }
        let test = truth_test(op, &left, &right).map(|test| test.replace('_', &self.short_text(span_of(&left))));
        match typing::comparison(op, left, right) {
            Ok((left, right, ty)) => {
                let kind = ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) };
                let value = self.typed(kind, ty, span);
                self.fold(value)
            }
            Err(mut problem) => {
                problem.help = test.or(problem.help);
                self.refuse_operator(problem, op_span, span, operands);
                self.unknown(span)
            }
        }
    }
}

/// `vip == 1` of a boolean, as it is written here.
fn truth_test(op: CompareOp, left: &Expr, right: &Expr) -> Option<&'static str> {
    let one = match typing::literal_int(right)? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let equal = match op {
        CompareOp::Equal => true,
        CompareOp::NotEqual => false,
        _ => return None,
    };
    (left.ty.base == Base::Bool).then_some(if one == equal { "write `_`" } else { "write `not _`" })
}

fn is_zero(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Widen(inner) => is_zero(inner),
        ExprKind::Literal(Literal::Int(0)) => true,
        ExprKind::Literal(Literal::Float(float)) => *float == 0.0,
        ExprKind::Literal(Literal::Decimal(digits)) => digits == "0",
        _ => false,
    }
}
