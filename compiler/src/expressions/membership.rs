//! `in`, `between`, `like` and `~`.

use pipewright_expr::typing;
use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, CompareOp, Expr, ExprKind, Type};

use super::scope::Names;
use super::{Checker, Refusal, span_of};
use crate::diagnostics::{BadRegex, NotAMember, NullNotAllowed, TypeMismatch};

impl Checker<'_, '_> {
    /// `x in [a, b]`
    pub(super) fn is_in(
        &mut self,
        operand: &ast::Expr,
        list: &[ast::Expr],
        negated: bool,
        span: Span,
        names: &Names,
    ) -> Expr {
        let operand = self.expr(operand, names, None);
        let mut values = vec![];
        let mut fits = !operand.ty.is_unknown();
        for item in list {
            let hint = matches!(item.kind, ast::ExprKind::Name(_)).then_some(&operand.ty);
            let value = self.expr(item, names, hint);
            fits &= !value.ty.is_unknown();
            if value.ty.nullable {
                let text = self.short_text(item.span);
                let mut refusal =
                    Refusal::new(item.span, "a list after `in` holds no nulls").label(if value.ty.base == Base::Null {
                        "never equal to anything".into()
                    } else {
                        format!("`{text}` may be null")
                    });
                refusal.help = Some(format!("write `… or {} is null`", self.short_text(span_of(&operand))));
                self.diagnostics.emit(NullNotAllowed(refusal));
                fits = false;
            }
            fits = fits && !self.outside_of_set(&operand, &value, names);
            values.push(value);
        }
        if !fits {
            return self.unknown(span);
        }
        let ty = Type { base: Base::Bool, nullable: operand.ty.nullable };
        // Each member must be comparable with the operand; the list then gets one type.
        for value in &values {
            let operands = vec![self.operand_in(&operand, names), self.operand_in(value, names)];
            let bare = if is_plain(&operand) {
                operand.clone()
            } else {
                Expr { kind: ExprKind::Column("x".to_owned()), ty: operand.ty.clone(), origin: operand.origin }
            };
            if let Err(problem) = typing::comparison(CompareOp::Equal, bare, value.clone()) {
                self.refuse_operator(problem, span_of(value), span, operands);
                return self.unknown(span);
            }
        }
        let all = std::iter::once(operand).chain(values).collect();
        let Some((mut values, _)) = self.unify(all, "the value and the list after `in`", span, names) else {
            return self.unknown(span);
        };
        let operand = values.remove(0);
        for value in &mut values {
            value.ty.nullable = false;
        }
        let value = self.typed(ExprKind::In { operand: Box::new(operand), list: values, negated }, ty, span);
        self.fold(value)
    }

    /// `x between a and b`: two comparisons; an operand that costs something is evaluated once.
    pub(super) fn between(
        &mut self,
        operand: &ast::Expr,
        (low, high): (&ast::Expr, &ast::Expr),
        negated: bool,
        span: Span,
        names: &Names,
    ) -> Expr {
        let value = self.expr(operand, names, None);
        let (low_value, high_value) = (self.expr(low, names, None), self.expr(high, names, None));
        if [&value, &low_value, &high_value].iter().any(|it| it.ty.is_unknown()) {
            return self.unknown(span);
        }
        let bound = (!is_plain(&value)).then(|| self.new_local());
        let read = match bound {
            Some(local) => Expr { kind: ExprKind::Local(local), ty: value.ty.clone(), origin: value.origin },
            None => value.clone(),
        };
        let from_low = operand.span.to(low.span);
        let lower = self.comparison(CompareOp::GreaterOrEqual, (low.span, from_low), read.clone(), low_value, names);
        if lower.ty.is_unknown() {
            return self.unknown(span);
        }
        let upper = self.comparison(CompareOp::LessOrEqual, (high.span, span), read, high_value, names);
        if upper.ty.is_unknown() {
            return self.unknown(span);
        }
        let ty = Type { base: Base::Bool, nullable: lower.ty.nullable || upper.ty.nullable };
        let mut result = self.typed(ExprKind::And(vec![lower, upper]), ty.clone(), span);
        if negated {
            result = self.typed(ExprKind::Not(Box::new(result)), ty.clone(), span);
        }
        match bound {
            Some(local) => {
                let kind = ExprKind::Let { local, value: Box::new(value), body: Box::new(result) };
                self.typed(kind, ty, span)
            }
            None => result,
        }
    }

    /// `x like "a%"`
    pub(super) fn like(
        &mut self,
        operand: &ast::Expr,
        pattern: &ast::Expr,
        negated: bool,
        span: Span,
        names: &Names,
    ) -> Expr {
        let operand = self.expr(operand, names, None);
        let pattern_value = self.expr(pattern, names, None);
        let operand = self.searched(operand, "like", names);
        if pattern_value.ty.is_unknown() {
            return self.unknown(span);
        }
        let Some(text) = text_of(&pattern_value) else {
            self.not_constant(pattern.span, "the pattern of `like`", "like \"a%\"");
            return self.unknown(span);
        };
        let text = text.to_owned();
        let Some(operand) = operand else { return self.unknown(span) };
        let ty = Type { base: Base::Bool, nullable: operand.ty.nullable };
        self.typed(ExprKind::Like { operand: Box::new(operand), pattern: text, negated }, ty, span)
    }

    /// `x ~ r"…"`
    pub(super) fn matches(
        &mut self,
        operand: &ast::Expr,
        pattern: &ast::Text,
        negated: bool,
        span: Span,
        names: &Names,
    ) -> Expr {
        let operand = self.expr(operand, names, None);
        let operand = self.searched(operand, if negated { "!~" } else { "~" }, names);
        if let Some((message, at)) = regex_problem(&pattern.value) {
            self.diagnostics.emit(BadRegex { message, span: self.inside(pattern, at), pattern: pattern.span });
            return self.unknown(span);
        }
        let Some(operand) = operand else { return self.unknown(span) };
        let ty = Type { base: Base::Bool, nullable: operand.ty.nullable };
        let kind = ExprKind::Matches { operand: Box::new(operand), pattern: pattern.value.clone(), negated };
        self.typed(kind, ty, span)
    }

    /// What a pattern looks at: text.
    fn searched(&mut self, operand: Expr, operator: &str, names: &Names) -> Option<Expr> {
        if operand.ty.base.is_text() {
            return Some(operand);
        }
        if !operand.ty.is_unknown() {
            let span = span_of(&operand);
            let mut refusal = Refusal::new(span, format!("`{operator}` looks at text, not at `{}`", operand.ty))
                .label(format!("this is `{}`", operand.ty));
            refusal.reasons.extend(self.declared(&operand, names));
            refusal.help = typing::cast_help(&operand, &Base::String);
            self.diagnostics.emit(TypeMismatch(refusal));
        }
        None
    }

    /// A string beside a closed set that does not hold it: reported with the set and the closest member.
    pub(super) fn outside_of_set(&mut self, set: &Expr, value: &Expr, names: &Names) -> bool {
        let (Base::Set(members), Some(text)) = (&set.ty.base, typing::literal_text_value(value)) else { return false };
        if members.iter().any(|member| member == text) {
            return false;
        }
        let label = self.declared(set, names);
        self.diagnostics.emit(NotAMember::new(text, span_of(value), members, label));
        true
    }

    /// The place of a byte range of a pattern in the text, if the text is the pattern as it stands.
    fn inside(&self, pattern: &ast::Text, at: std::ops::Range<usize>) -> Span {
        let written = self.context.sources.text(pattern.span);
        let quotes = if written.starts_with("r\"") { 2 } else { 1 };
        if written.get(quotes..).is_none_or(|rest| !rest.starts_with(&pattern.value)) {
            return pattern.span;
        }
        let start = pattern.span.start as usize + quotes;
        Span::new(pattern.span.source, start + at.start, start + at.end)
    }
}

/// Reading it twice costs nothing.
fn is_plain(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Column(_) | ExprKind::Local(_) | ExprKind::Meta(_) | ExprKind::Literal(_) => true,
        ExprKind::Field { base, .. } | ExprKind::Widen(base) => is_plain(base),
        _ => false,
    }
}

/// The text of a constant, also of a parameter.
pub(super) fn text_of(value: &Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Widen(inner) => text_of(inner),
        _ => typing::literal_text_value(value),
    }
}

/// Why a regular expression does not compile, and where in it.
pub(super) fn regex_problem(pattern: &str) -> Option<(String, std::ops::Range<usize>)> {
    let range = |span: &regex_syntax::ast::Span| span.start.offset..span.end.offset;
    match regex_syntax::parse(pattern) {
        Ok(_) => {}
        Err(regex_syntax::Error::Parse(error)) => return Some((error.kind().to_string(), range(error.span()))),
        Err(regex_syntax::Error::Translate(error)) => return Some((error.kind().to_string(), range(error.span()))),
        Err(error) => return Some((error.to_string(), 0..pattern.len())),
    }
    // It is well formed, but may still be larger than the engine allows.
    regex::Regex::new(pattern).err().map(|_| ("it is too large once compiled".to_owned(), 0..pattern.len()))
}
