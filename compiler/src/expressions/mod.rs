//! Expressions: from the text of the user to a typed [`plan::Expr`](Expr), or to everything that is wrong with it.
//!
//! Owns names, calls, literals, nulls and narrowing. Which operand types an operator or a function takes is decided by
//! [`pipewright_expr::typing`] and the functions themselves; what a step does with its expression is decided elsewhere.
//!
//! Invariants: an expression of unknown type has been reported, and nothing more is said about it. Chains are walked in
//! loops, so that thousands of terms cost no depth of the stack.

mod branches;
mod calls;
mod conditions;
mod constant;
mod inline;
mod instants;
mod literals;
mod matching;
mod membership;
mod names;
mod narrow;
mod nested;
mod operators;
mod problems;
mod records;
mod scope;
mod strings;
mod suggest;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use pipewright_expr::typing;
use pipewright_grammar::{SourceId, Span, ast};
use pipewright_plan::{Base, Expr, ExprKind, Literal, Type};

pub use narrow::narrow;
pub use problems::Refusal;
pub use scope::{GoneColumn, Scope, ScopeColumn};
pub(crate) use suggest::closest;

use crate::diagnostics::Diagnostics;
use crate::editor::facts::{Facts, Notes};
use crate::registry::Registry;
use crate::source::Sources;
use scope::Names;

/// What every expression of a program can use.
pub struct ExprContext<'a> {
    /// The texts, for origins and fixes.
    pub sources: &'a Sources,
    /// The functions of the library.
    pub registry: &'a Registry,
    /// The functions of the program.
    pub functions: &'a BTreeMap<String, UserFunction>,
    /// The parameters of the program.
    pub params: &'a BTreeMap<String, ParamValue>,
    /// Where facts for an editor are noted, if one asks.
    pub(crate) notes: Option<&'a Notes>,
}

/// A function of the program.
pub struct UserFunction {
    /// Its name.
    pub name: ast::Name,
    /// Its parameters.
    pub params: Vec<(ast::Name, Type)>,
    /// What it returns.
    pub result: Type,
    /// Its body.
    pub body: ast::Expr,
    /// False: its declaration is broken or calls itself, and that has been reported; a call of it gives unknown.
    pub ok: bool,
}

/// A parameter of the program.
pub struct ParamValue {
    /// Its name.
    pub name: ast::Name,
    /// Its type.
    pub ty: Type,
    /// Its value; `None`: broken or not set, only the type counts.
    pub value: Option<Literal>,
}

/// Checks an expression. With `expected`, the value is brought to that type.
pub fn check(
    expr: &ast::Expr,
    scope: &Scope,
    expected: Option<&Type>,
    context: &ExprContext<'_>,
    diagnostics: &mut Diagnostics,
) -> Expr {
    let names = Names::step(scope);
    Checker::new(context, diagnostics).check(expr, &names, expected)
}

/// Checks a condition: `bool`, or `bool?` where null counts as "no". `what` is the keyword it belongs to.
pub fn condition(
    expr: &ast::Expr,
    scope: &Scope,
    allow_null: bool,
    what: &str,
    context: &ExprContext<'_>,
    diagnostics: &mut Diagnostics,
) -> Expr {
    let names = Names::step(scope);
    Checker::new(context, diagnostics).condition(expr, &names, allow_null, what)
}

/// Checks an expression that must be known before any record is read, and evaluates it.
pub fn constant(
    expr: &ast::Expr,
    expected: Option<&Type>,
    context: &ExprContext<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<(Literal, Type)> {
    Checker::new(context, diagnostics).constant(expr, expected)
}

/// Checks the body of a function against its declared result.
pub fn check_function(function: &UserFunction, context: &ExprContext<'_>, diagnostics: &mut Diagnostics) {
    if function.ok {
        Checker::new(context, diagnostics).function_body(function);
    }
}

/// The state of checking one expression.
struct Checker<'c, 'd> {
    context: &'c ExprContext<'c>,
    diagnostics: &'d mut Diagnostics,
    /// The next free number of a local.
    next_local: u32,
    /// How many calls of functions of the program have been written out so far.
    inlined: u32,
    /// The value must be known before any record is read.
    must_be_constant: bool,
    /// A function has been called that gives another value each time.
    varies: bool,
    /// This is the body of a function, in place of a call.
    written_out: bool,
}

impl<'c, 'd> Checker<'c, 'd> {
    fn new(context: &'c ExprContext<'c>, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            context,
            diagnostics,
            next_local: 0,
            inlined: 0,
            must_be_constant: false,
            varies: false,
            written_out: false,
        }
    }

    /// Types an expression and brings it to the expected type.
    fn check(&mut self, expr: &ast::Expr, names: &Names, expected: Option<&Type>) -> Expr {
        let value = self.expr(expr, names, expected);
        match expected {
            Some(to) => self.assign(value, to, None),
            None => value,
        }
    }

    /// Brings a value to a declared type. `declared` is where that type stands.
    fn assign(&mut self, value: Expr, to: &Type, declared: Option<(Span, String)>) -> Expr {
        if value.ty.is_unknown() || to.is_unknown() {
            return value;
        }
        let operand = self.operand(&value);
        let (span, origin) = (span_of(&value), value.origin);
        match typing::assign(value, to) {
            Ok(value) => Expr { origin, ..value },
            Err(problem) => {
                self.refuse_value(problem, operand, to, declared);
                self.unknown(span)
            }
        }
    }

    /// Types an expression. `hint` is what the surroundings would like; it decides only how literals are read.
    fn expr(&mut self, expr: &ast::Expr, names: &Names, hint: Option<&Type>) -> Expr {
        let value = self.expr_of_kind(expr, names, hint);
        self.note(|facts| facts.note_type(expr.span, &value.ty));
        value
    }

    fn expr_of_kind(&mut self, expr: &ast::Expr, names: &Names, hint: Option<&Type>) -> Expr {
        use ast::ExprKind as Ast;
        let span = expr.span;
        match &expr.kind {
            Ast::Null => self.typed(ExprKind::Literal(Literal::Null), Base::Null.optional(), span),
            Ast::Bool(value) => self.typed(ExprKind::Literal(Literal::Bool(*value)), Base::Bool.required(), span),
            Ast::Number(text) => self.number(text, span, hint),
            Ast::String(text) => self.text(text, span, hint),
            Ast::Raw(text) => self.text(text, span, None),
            Ast::Interpolated(pieces) => self.interpolated(pieces, span, names),
            Ast::Duration(micros) => {
                self.typed(ExprKind::Literal(Literal::Int(*micros)), Base::Duration.required(), span)
            }
            Ast::Size(bytes) => self.number(&bytes.to_string(), span, None),
            Ast::Percent(text) => self.percent(text, span),
            Ast::Instant(text) => self.instant(text, span),
            Ast::Name(name) => self.name(name, names, hint),
            Ast::Member(base, field) => self.member(base, field, span, names),
            Ast::Index(base, index) => self.index(base, index, span, names),
            Ast::Call { callee, args, args_span } => self.call(callee, args, *args_span, span, names),
            Ast::Negate(_) => self.negate(expr, names, hint),
            Ast::Not(_) => self.not(expr, names),
            Ast::Logic { op, terms } => self.logic(*op, terms, span, names),
            Ast::Chain { first, rest } => self.chain(first, rest, span, names, hint),
            Ast::Compare { op, op_span, left, right } => self.compare((*op, *op_span), left, right, span, names),
            Ast::IsNull { operand, negated } => self.is_null(operand, *negated, span, names),
            Ast::In { operand, list, negated } => self.is_in(operand, list, *negated, span, names),
            Ast::Between { operand, low, high, negated } => self.between(operand, (low, high), *negated, span, names),
            Ast::Like { operand, pattern, negated } => self.like(operand, pattern, *negated, span, names),
            Ast::Matches { operand, pattern, negated } => self.matches(operand, pattern, *negated, span, names),
            Ast::If { branches, otherwise } => self.choose(branches, otherwise, span, names, hint),
            Ast::Match { subject, arms } => self.match_(subject, arms, span, names, hint),
            Ast::List(items) => self.list(items, span, names, hint),
            Ast::Record(record) => self.record(record, names, hint),
            Ast::Error => self.unknown(span),
        }
    }

    /// A finished expression at a place.
    fn typed(&self, kind: ExprKind, ty: Type, span: Span) -> Expr {
        Expr { kind, ty, origin: self.context.sources.origin(span) }
    }

    /// What could not be typed; it has been reported.
    fn unknown(&self, span: Span) -> Expr {
        self.typed(ExprKind::Literal(Literal::Null), Type::unknown(), span)
    }

    /// Notes a fact for an editor, if one asks. What a call writes out is noted where the function is declared.
    fn note(&self, note: impl FnOnce(&mut Facts)) {
        if let Some(notes) = self.context.notes.filter(|_| !self.written_out) {
            note(&mut notes.borrow_mut());
        }
    }

    fn new_local(&mut self) -> u32 {
        let number = self.next_local;
        self.next_local += 1;
        number
    }
}

/// Where an expression stands in the text.
fn span_of(expr: &Expr) -> Span {
    Span { source: SourceId(expr.origin.file), start: expr.origin.start, end: expr.origin.end }
}
