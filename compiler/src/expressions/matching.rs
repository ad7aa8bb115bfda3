//! `match x { "a" | "b" => 1, _ => 0 }`: patterns fit the subject, every value has an arm, every arm can be reached.

use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, Expr, ExprKind, Literal, MatchArm, Type};

use super::scope::Names;
use super::suggest::closest;
use super::{Checker, Refusal, literals, narrow, span_of};
use crate::diagnostics::{BadLiteral, MatchNotExhaustive, NotAMember, TypeMismatch, UnreachableArm};

/// Which values the arms so far have covered.
#[derive(Default)]
struct Covered {
    /// Patterns and where they stand.
    literals: Vec<(Literal, Span)>,
    /// `_`
    any: Option<Span>,
    /// A pattern was wrong: what it should have covered is not known.
    broken: bool,
}

impl Covered {
    fn find(&self, literal: &Literal) -> Option<Span> {
        self.literals.iter().find(|(known, _)| known == literal).map(|(_, span)| *span)
    }

    /// The values of the type that have no arm; `None`: too many to list.
    fn missing(&self, ty: &Type) -> Option<Vec<String>> {
        let all: Vec<(Literal, String)> = match &ty.base {
            Base::Bool => [true, false].iter().map(|it| (Literal::Bool(*it), it.to_string())).collect(),
            Base::Set(members) => members.iter().map(|it| (Literal::Text(it.clone()), format!("{it:?}"))).collect(),
            Base::Null => vec![],
            _ => return None,
        };
        let null = ty.nullable.then(|| (Literal::Null, "null".to_owned()));
        let missing = all.into_iter().chain(null).filter(|(literal, _)| self.find(literal).is_none());
        Some(missing.map(|(_, text)| text).collect())
    }
}

impl Checker<'_, '_> {
    pub(super) fn match_(
        &mut self,
        subject: &ast::Expr,
        arms: &[ast::Arm],
        span: Span,
        names: &Names,
        hint: Option<&Type>,
    ) -> Expr {
        let subject_at = subject.span;
        let subject = self.expr(subject, names, None);
        let unknown = subject.ty.is_unknown() || !self.can_be_matched(&subject, names);
        let present = narrow::present(&subject);
        let mut covered = Covered { broken: unknown, ..Covered::default() };
        let mut values = vec![];
        let mut patterns = vec![];
        for arm in arms {
            let null_before = covered.find(&Literal::Null).is_some();
            let (literals, any) = self.patterns(arm, &subject, &mut covered, names);
            // An arm that cannot be reached is checked, but does not go into the plan.
            let reachable = any || !literals.is_empty();
            let not_null = if any { null_before } else { !literals.contains(&Literal::Null) };
            let value = if not_null && reachable && !present.is_empty() {
                let mut inner = names.clone();
                narrow::apply(&mut inner, &present);
                self.expr(&arm.value, &inner, hint)
            } else {
                self.expr(&arm.value, names, hint)
            };
            if reachable || unknown {
                values.push(value);
                patterns.push(if any { vec![] } else { literals });
            }
        }
        if covered.any.is_none() && !covered.broken {
            let missing = covered.missing(&subject.ty);
            if missing.as_ref().is_none_or(|missing| !missing.is_empty()) {
                self.diagnostics.emit(MatchNotExhaustive {
                    span: subject_at,
                    subject: self.short_text(subject_at),
                    ty: subject.ty.clone(),
                    missing: missing.unwrap_or_default(),
                    declared: self.declared(&subject, names),
                });
                covered.broken = true;
            }
        }
        let unified = self.unify(values, "the arms of `match`", span, names);
        let (false, Some((values, ty))) = (covered.broken, unified) else { return self.unknown(span) };
        let arms = patterns.into_iter().zip(values).map(|(patterns, value)| MatchArm { patterns, value }).collect();
        self.typed(ExprKind::Match { subject: Box::new(subject), arms }, ty, span)
    }

    fn can_be_matched(&mut self, subject: &Expr, names: &Names) -> bool {
        let fits = match subject.ty.base {
            Base::Bool | Base::Int32 | Base::Int64 | Base::Float64 | Base::Decimal { .. } => true,
            Base::String | Base::Set(_) | Base::Null => true,
            Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_) => false,
            // Only `null` and `_` can be patterns of these.
            Base::Bytes | Base::Uuid | Base::Date | Base::Time => true,
            Base::Timestamp | Base::LocalTimestamp | Base::Duration | Base::Unknown => true,
        };
        if !fits {
            let span = span_of(subject);
            let mut refusal = Refusal::new(span, format!("`match` compares single values, not `{}`", subject.ty.base))
                .label(format!("this is `{}`", subject.ty));
            refusal.reasons.extend(self.declared(subject, names));
            refusal.help = Some("match one of its fields".into());
            self.diagnostics.emit(TypeMismatch(refusal));
        }
        fits
    }

    /// The reachable patterns of an arm, and whether it matches everything.
    fn patterns(
        &mut self,
        arm: &ast::Arm,
        subject: &Expr,
        covered: &mut Covered,
        names: &Names,
    ) -> (Vec<Literal>, bool) {
        let (mut literals, mut any) = (vec![], false);
        for pattern in &arm.patterns {
            let all_covered = covered.any.or_else(|| {
                let missing = if covered.broken { None } else { covered.missing(&subject.ty) };
                let last = covered.literals.last().map(|(_, span)| *span);
                missing.filter(Vec::is_empty).and(last)
            });
            if pattern.kind == ast::PatternKind::Any {
                match all_covered {
                    Some(first) => self.unreachable(pattern.span, first, "_", covered.any.is_none()),
                    None => {
                        covered.any = Some(pattern.span);
                        any = true;
                    }
                }
                continue;
            }
            let Some(literal) = self.pattern(pattern, subject, names) else {
                covered.broken = true;
                continue;
            };
            let text = self.short_text(pattern.span);
            match covered.find(&literal).or(covered.any) {
                Some(first) => self.unreachable(pattern.span, first, &text, false),
                None => {
                    covered.literals.push((literal.clone(), pattern.span));
                    literals.push(literal);
                }
            }
        }
        (literals, any)
    }

    fn unreachable(&mut self, span: Span, first: Span, pattern: &str, complete: bool) {
        self.diagnostics.emit(UnreachableArm { span, first, pattern: pattern.to_owned(), complete });
    }

    /// A pattern as a constant of the subject's type.
    fn pattern(&mut self, pattern: &ast::Pattern, subject: &Expr, names: &Names) -> Option<Literal> {
        let ty = &subject.ty;
        if ty.is_unknown() {
            return None;
        }
        match (&pattern.kind, &ty.base) {
            (ast::PatternKind::Any, _) => None,
            (ast::PatternKind::Null, _) if ty.nullable => Some(Literal::Null),
            (ast::PatternKind::Bool(value), Base::Bool) => Some(Literal::Bool(*value)),
            (ast::PatternKind::String(text), Base::String) => Some(Literal::Text(text.clone())),
            (ast::PatternKind::String(text), Base::Set(members)) => {
                if members.contains(text) {
                    return Some(Literal::Text(text.clone()));
                }
                let declared = self.declared(subject, names);
                self.diagnostics.emit(NotAMember::new(text, pattern.span, members, declared));
                None
            }
            (ast::PatternKind::Number(text), base) if base.is_number() => {
                match literals::number(text, *base == Base::Float64) {
                    Err(bad) => {
                        let (span, message, help) = (pattern.span, bad.message, bad.help);
                        self.diagnostics.emit(BadLiteral { span, message, help });
                        None
                    }
                    Ok((literal, literal_base)) => {
                        let value = self.typed(ExprKind::Literal(literal), literal_base.required(), pattern.span);
                        let value = self.assign(value, &base.clone().required(), None);
                        match value.kind {
                            ExprKind::Literal(literal) if !value.ty.is_unknown() => Some(literal),
                            _ => None,
                        }
                    }
                }
            }
            (kind, _) => {
                self.wrong_pattern(kind, pattern.span, subject, names);
                None
            }
        }
    }

    fn wrong_pattern(&mut self, kind: &ast::PatternKind, span: Span, subject: &Expr, names: &Names) {
        let ty = &subject.ty;
        let mut refusal = if *kind == ast::PatternKind::Null {
            Refusal::new(span, format!("`null` never comes: the value is `{ty}`")).label("remove this arm")
        } else {
            let what = match kind {
                ast::PatternKind::Bool(_) => "true or false",
                ast::PatternKind::String(_) => "text",
                ast::PatternKind::Number(_) => "a number",
                ast::PatternKind::Any | ast::PatternKind::Null => "anything",
            };
            Refusal::new(span, format!("this pattern is {what}, the value is `{ty}`"))
        };
        refusal.reasons.push((span_of(subject), format!("this is `{ty}`")));
        refusal.reasons.extend(self.declared(subject, names));
        if let (ast::PatternKind::Number(text), Base::String | Base::Set(_)) = (kind, &ty.base) {
            refusal.help = Some(format!("write it in quotes: `\"{text}\"`"));
        }
        if let ast::PatternKind::String(text) = kind {
            let words = ["true", "false"];
            refusal.help = match ty.base {
                Base::Bool => closest(text, words).map(|word| format!("write `{word}` without quotes")),
                _ if ty.base.is_number() && text.parse::<f64>().is_ok() => {
                    Some(format!("write `{text}` without quotes"))
                }
                _ => None,
            };
        }
        self.diagnostics.emit(TypeMismatch(refusal));
    }
}
