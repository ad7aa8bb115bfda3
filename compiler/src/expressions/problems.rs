//! What an operator, a function or a declared type refuses, as a finding: every operand labelled with its type, and with
//! the place where the field it reads was declared.

use pipewright_expr::typing::TypeProblem;
use pipewright_grammar::Span;
use pipewright_plan::{Base, Expr, Type};

use super::scope::Names;
use super::{Checker, span_of};
use crate::diagnostics::{
    BadArgument, ComparisonWithNull, DecimalTooWide, Diagnostic, Fix, IntegerDivision, MixedNumberTypes, Narrowing,
    NotAMember, NotComparable, NotConstant, NullNotAllowed, TypeMismatch,
};

/// A value that does not fit where it stands: the facts that the findings about types share.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The smallest place to change.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What stands at the place.
    pub label: String,
    /// Why, at other places.
    pub reasons: Vec<(Span, String)>,
    /// One thing to type.
    pub help: Option<String>,
    /// Mechanical answers.
    pub fixes: Vec<Fix>,
}

impl Refusal {
    /// A value at a place, and what is wrong with it.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: String::new(), reasons: vec![], help: None, fixes: vec![] }
    }

    /// Text at the place.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// As an error of that name.
    pub(crate) fn diagnostic(self, name: &'static str) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(name, self.span, self.message).label(self.label);
        diagnostic.help = self.help;
        diagnostic.fixes = self.fixes;
        self.reasons.into_iter().fold(diagnostic, |diagnostic, (span, text)| diagnostic.also(span, text))
    }
}

/// An operand, as far as a message needs it.
pub(super) struct Operand {
    span: Span,
    ty: Type,
    declared: Option<(Span, String)>,
}

impl Checker<'_, '_> {
    pub(super) fn operand(&self, value: &Expr) -> Operand {
        Operand { span: span_of(value), ty: value.ty.clone(), declared: None }
    }

    pub(super) fn operand_in(&self, value: &Expr, names: &Names) -> Operand {
        Operand { declared: self.declared(value, names), ..self.operand(value) }
    }

    /// A function or a prefix operator refuses.
    pub(super) fn refuse(&mut self, problem: TypeProblem, whole: Span, operands: Vec<Operand>) {
        self.refuse_at(problem, whole, None, operands);
    }

    /// An operator refuses: if no operand is at fault, the operator is underlined.
    pub(super) fn refuse_operator(&mut self, problem: TypeProblem, op: Span, whole: Span, operands: Vec<Operand>) {
        let fix = (problem.name == "integer-division").then(|| self.division_fix(whole, &operands)).flatten();
        let problem = TypeProblem { argument: problem.argument.filter(|_| operands.len() > 1), ..problem };
        self.refuse_at(problem, op, fix, operands);
    }

    /// A value does not fit a declared type.
    pub(super) fn refuse_value(
        &mut self,
        problem: TypeProblem,
        value: Operand,
        to: &Type,
        declared: Option<(Span, String)>,
    ) {
        let label = if value.ty.base == Base::Null { String::new() } else { format!("this is `{}`", value.ty) };
        let mut refusal = Refusal::new(value.span, problem.message).label(label);
        refusal.help = problem.help;
        refusal.reasons.extend(declared);
        refusal.reasons.extend(value.declared);
        let set = if let Base::Set(members) = &to.base { members.as_slice() } else { &[] };
        self.emit(problem.name, refusal, set);
    }

    /// One of several values does not fit the others. `what` are they: "the branches of `if`".
    pub(super) fn refuse_value_among(&mut self, problem: TypeProblem, whole: Span, operands: Vec<Operand>, what: &str) {
        let guilty = problem.argument.and_then(|at| operands.get(at));
        let fits = |(at, operand): &(usize, &Operand)| Some(*at) != problem.argument && operand.ty.base != Base::Null;
        // The nearest one before it, else the first one after it.
        let before = operands.iter().enumerate().take(problem.argument.unwrap_or_default()).rev().find(fits);
        let other = before.or_else(|| operands.iter().enumerate().find(fits));
        let message =
            if problem.name == "type-mismatch" { format!("{what} have no type in common") } else { problem.message };
        let mut refusal = Refusal::new(guilty.map_or(whole, |operand| operand.span), message);
        if let Some(guilty) = guilty {
            refusal.label = format!("this is `{}`", guilty.ty);
            refusal.reasons.extend(guilty.declared.clone());
        }
        if let Some((_, other)) = other {
            refusal.reasons.push((other.span, format!("this is `{}`", other.ty)));
        }
        refusal.help = problem.help;
        self.emit(problem.name, refusal, &[]);
    }

    fn refuse_at(&mut self, problem: TypeProblem, whole: Span, fix: Option<Fix>, operands: Vec<Operand>) {
        let guilty = problem.argument.and_then(|at| operands.get(at));
        let mut refusal = Refusal::new(guilty.map_or(whole, |operand| operand.span), problem.message);
        for (at, operand) in operands.iter().enumerate() {
            let text = format!("this is `{}`", operand.ty);
            if operand.ty.base == Base::Null {
                // The word stands there.
            } else if problem.argument == Some(at) {
                refusal.label = text;
            } else if operand.span != whole {
                refusal.reasons.push((operand.span, text));
            }
        }
        for operand in operands {
            refusal.reasons.extend(operand.declared.filter(|place| !refusal.reasons.contains(place)));
        }
        refusal.help = problem.help;
        refusal.fixes.extend(fix);
        self.emit(problem.name, refusal, &[]);
    }

    /// The names are those of [`TypeProblem::name`].
    fn emit(&mut self, name: &str, refusal: Refusal, set: &[String]) {
        match name {
            "mixed-number-types" => self.diagnostics.emit(MixedNumberTypes(refusal)),
            "integer-division" => self.diagnostics.emit(IntegerDivision(refusal)),
            "decimal-too-wide" => self.diagnostics.emit(DecimalTooWide(refusal)),
            "null-not-allowed" => self.diagnostics.emit(NullNotAllowed(refusal)),
            "narrowing" => self.diagnostics.emit(Narrowing(refusal)),
            "not-comparable" => self.diagnostics.emit(NotComparable(refusal)),
            "bad-argument" => self.diagnostics.emit(BadArgument(refusal)),
            "not-a-member" => self.diagnostics.emit(NotAMember::refused(refusal, set)),
            "comparison-with-null" => self.diagnostics.emit(ComparisonWithNull {
                operator: "the comparison".into(),
                span: refusal.span,
                null: refusal.span,
                test: None,
            }),
            _ => self.diagnostics.emit(TypeMismatch(refusal)),
        }
    }

    /// `a / b` as `div(a, b)`, if both can be copied as they stand.
    fn division_fix(&self, whole: Span, operands: &[Operand]) -> Option<Fix> {
        let [left, right] = operands else { return None };
        let (left, right) = (self.context.sources.text(left.span), self.context.sources.text(right.span));
        // In a chain the text of the left side may have lost its closing bracket.
        let balanced = |text: &str| text.matches('(').count() == text.matches(')').count() && !text.contains('\n');
        let all = self.context.sources.text(whole);
        if !balanced(left) || !balanced(right) || !balanced(all) {
            return None;
        }
        let text = format!("div({left}, {right})");
        Some(Fix::choice("divide without a fraction", vec![(whole, text)]))
    }

    /// Only a constant can stand here.
    pub(super) fn not_constant(&mut self, span: Span, what: &str, example: &str) {
        self.diagnostics.emit(NotConstant { span, what: what.to_owned(), example: example.to_owned() });
    }

    /// The text of a place, if it is short enough for a message.
    pub(super) fn short_text(&self, span: Span) -> String {
        let text = self.context.sources.text(span);
        if text.is_empty() || text.len() > 40 || text.contains('\n') { "x".to_owned() } else { text.to_owned() }
    }

    /// Where a value ends before an operator, with its closing brackets.
    pub(super) fn end_of(&self, value: Span, op: Span) -> u32 {
        let between = self.context.sources.text(Span { start: value.end, end: op.start, ..value });
        value.end + u32::try_from(between.trim_end().len()).unwrap_or_default()
    }
}
