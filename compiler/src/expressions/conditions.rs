//! What is true or false: `and`, `or`, `not`, `is null`, and conditions as a whole.

use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, Expr, ExprKind, Type};

use super::scope::Names;
use super::{Checker, narrow, span_of};
use crate::diagnostics::{NeverNull, NullableCondition, TypeMismatch};
use crate::expressions::Refusal;

impl Checker<'_, '_> {
    /// A condition of a step or a branch.
    pub(super) fn condition(&mut self, expr: &ast::Expr, names: &Names, allow_null: bool, what: &str) -> Expr {
        let value = self.expr(expr, names, None);
        let Some(value) = self.boolean(value, &format!("`{what}` needs"), names) else {
            return self.unknown(expr.span);
        };
        if value.ty.nullable && !allow_null {
            let span = span_of(&value);
            let tight = matches!(
                expr.kind,
                ast::ExprKind::Name(_)
                    | ast::ExprKind::Member(..)
                    | ast::ExprKind::Index(..)
                    | ast::ExprKind::Call { .. }
            );
            self.diagnostics.emit(NullableCondition {
                what: what.to_owned(),
                span,
                reason: self.nullable_part(&value, names),
                parentheses: !tight,
            });
            return self.unknown(span);
        }
        value
    }

    /// A field of the condition that may be null: the reason why the whole may be.
    fn nullable_part(&self, condition: &Expr, names: &Names) -> Option<(Span, String)> {
        let mut found = None;
        let mut next = vec![condition];
        while let Some(expr) = next.pop() {
            if !expr.ty.nullable {
                continue;
            }
            match &expr.kind {
                ExprKind::And(terms) | ExprKind::Or(terms) => next.extend(terms.iter().rev()),
                ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => {
                    next.extend([&**right, &**left]);
                }
                ExprKind::Not(inner) | ExprKind::Widen(inner) | ExprKind::Negate(inner) => next.push(inner),
                ExprKind::In { operand, .. } | ExprKind::Like { operand, .. } | ExprKind::Matches { operand, .. } => {
                    next.push(operand);
                }
                ExprKind::Call { args, .. } => next.extend(args.iter().rev()),
                ExprKind::Column(_) | ExprKind::Local(_) | ExprKind::Field { .. } | ExprKind::Meta(_) => {
                    found = Some((span_of(expr), format!("`{}` may be null", self.short_text(span_of(expr)))));
                    break;
                }
                _ => {}
            }
        }
        let _ = names;
        found.filter(|(span, _)| *span != span_of(condition))
    }

    /// Brings a value to `bool` or `bool?`, or says that it is something else.
    fn boolean(&mut self, value: Expr, who: &str, names: &Names) -> Option<Expr> {
        match value.ty.base {
            Base::Bool => Some(value),
            Base::Unknown => None,
            Base::Null => {
                // `fail("…")` fits everywhere and is never null.
                let (ty, origin) = (Type { base: Base::Bool, nullable: value.ty.nullable }, value.origin);
                Some(Expr { kind: ExprKind::Widen(Box::new(value)), ty, origin })
            }
            _ => {
                let span = span_of(&value);
                let text = self.short_text(span);
                let mut refusal = Refusal::new(span, format!("{who} true or false, not `{}`", value.ty))
                    .label(format!("this is `{}`", value.ty));
                refusal.reasons.extend(self.declared(&value, names));
                refusal.help = match value.ty.base {
                    Base::Int32 | Base::Int64 => Some(format!("write `{text} != 0`")),
                    Base::String => Some(format!("write `{text} != \"\"`")),
                    _ if value.ty.nullable => Some(format!("write `{text} is not null`")),
                    _ => None,
                };
                self.diagnostics.emit(TypeMismatch(refusal));
                None
            }
        }
    }

    /// `a and b and c`: three-valued, from the left.
    pub(super) fn logic(&mut self, op: ast::LogicOp, terms: &[ast::Expr], span: Span, names: &Names) -> Expr {
        let (word, outcome) = match op {
            ast::LogicOp::And => ("and", true),
            ast::LogicOp::Or => ("or", false),
        };
        let mut known: Option<Names> = None;
        let mut values = vec![];
        let mut nullable = false;
        for term in terms {
            let value = self.expr(term, known.as_ref().unwrap_or(names), None);
            let value = self.boolean(value, &format!("`{word}` needs"), known.as_ref().unwrap_or(names));
            let Some(value) = value else { continue };
            // After a term that may be null the next one is evaluated, too: only a certain term tells it something.
            if !value.ty.nullable {
                let facts = narrow::facts(&value, outcome);
                if !facts.is_empty() {
                    narrow::apply(known.get_or_insert_with(|| names.clone()), &facts);
                }
            }
            nullable |= value.ty.nullable;
            values.push(value);
        }
        if values.len() < terms.len() {
            return self.unknown(span);
        }
        let kind = match op {
            ast::LogicOp::And => ExprKind::And(values),
            ast::LogicOp::Or => ExprKind::Or(values),
        };
        self.typed(kind, Type { base: Base::Bool, nullable }, span)
    }

    /// `not x`, `not not x`
    pub(super) fn not(&mut self, expr: &ast::Expr, names: &Names) -> Expr {
        let (mut spans, mut at) = (vec![], expr);
        while let ast::ExprKind::Not(inner) = &at.kind {
            spans.push(at.span);
            at = inner;
        }
        let value = self.expr(at, names, None);
        let Some(mut value) = self.boolean(value, "`not` needs", names) else { return self.unknown(expr.span) };
        while let Some(span) = spans.pop() {
            let ty = value.ty.clone();
            value = self.typed(ExprKind::Not(Box::new(value)), ty, span);
        }
        value
    }

    /// `x is null`, `x is not null`
    pub(super) fn is_null(&mut self, operand: &ast::Expr, negated: bool, span: Span, names: &Names) -> Expr {
        let value = self.expr(operand, names, None);
        if value.ty.is_unknown() {
            return self.unknown(span);
        }
        if !value.ty.nullable && value.ty.base != Base::Null {
            self.diagnostics.emit(NeverNull {
                what: self.short_text(operand.span),
                span,
                ty: value.ty.clone(),
                tested: self.narrowed(&value, names),
                declared: self.declared(&value, names),
                dead: None,
            });
        }
        self.typed(ExprKind::IsNull { operand: Box::new(value), negated }, Base::Bool.required(), span)
    }
}
