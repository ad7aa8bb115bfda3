//! What is known once a condition has been decided: which fields cannot be null.
//!
//! Works on typed conditions. Only nulls are tracked: `x > 0` being true or false means that `x` is not null, because a
//! comparison with null is neither. A fact is about a path that stays the same while the record does not change.

use pipewright_expr::functions;
use pipewright_plan::{Expr, ExprKind, Literal, Meta};

use super::scope::{Names, Scope, without_null};

/// "This path is not null."
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    root: Root,
    fields: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Root {
    Column(String),
    Local(u32),
    Meta(Meta),
}

/// The scope as it is known where `condition` is true.
pub fn narrow(scope: &Scope, condition: &Expr) -> Scope {
    let mut scope = scope.clone();
    for fact in facts(condition, true) {
        apply_to_scope(&mut scope, &fact);
    }
    scope
}

/// Adds facts to what names mean.
pub(super) fn apply(names: &mut Names, facts: &[Fact]) {
    for fact in facts {
        match &fact.root {
            Root::Local(number) => {
                if let Some(local) = names.locals.iter_mut().find(|local| local.number == *number) {
                    local.narrowed |= without_null(&mut local.ty, &fact.fields);
                }
            }
            Root::Column(_) | Root::Meta(_) => apply_to_scope(names.scope.to_mut(), fact),
        }
    }
}

fn apply_to_scope(scope: &mut Scope, fact: &Fact) {
    match &fact.root {
        Root::Column(name) => {
            if let Some(column) = scope.column_mut(name) {
                column.narrowed |= without_null(&mut column.ty, &fact.fields);
            }
        }
        Root::Meta(meta) => {
            if !scope.meta_known.contains(meta) {
                scope.meta_known.push(meta.clone());
            }
        }
        Root::Local(_) => {}
    }
}

/// What holds when `condition` came out as `outcome`.
pub(super) fn facts(condition: &Expr, outcome: bool) -> Vec<Fact> {
    let mut found = vec![];
    decided(condition, outcome, &mut found);
    found
}

/// What holds when this expression is not null.
pub(super) fn present(expr: &Expr) -> Vec<Fact> {
    let mut found = vec![];
    strict(expr, &mut found);
    found
}

fn decided(condition: &Expr, outcome: bool, found: &mut Vec<Fact>) {
    match &condition.kind {
        ExprKind::And(terms) if outcome => terms.iter().for_each(|term| decided(term, true, found)),
        ExprKind::Or(terms) if !outcome => terms.iter().for_each(|term| decided(term, false, found)),
        ExprKind::And(_) | ExprKind::Or(_) => {}
        ExprKind::Not(inner) => decided(inner, !outcome, found),
        ExprKind::Widen(inner) => decided(inner, outcome, found),
        ExprKind::IsNull { operand, negated } => {
            if *negated == outcome {
                strict(operand, found);
            }
        }
        // `x > 0 ?? false` is true only because of `x > 0`.
        ExprKind::Coalesce(values) => {
            if let [first, last] = values.as_slice()
                && is_bool(last, !outcome)
            {
                decided(first, outcome, found);
            }
        }
        ExprKind::Let { local, value, body } => {
            let mut inner = vec![];
            decided(body, outcome, &mut inner);
            through_let(*local, value, inner, found);
        }
        _ => strict(condition, found),
    }
}

fn is_bool(expr: &Expr, value: bool) -> bool {
    match &expr.kind {
        ExprKind::Widen(inner) => is_bool(inner, value),
        kind => *kind == ExprKind::Literal(Literal::Bool(value)),
    }
}

/// Facts of a `Let` body: what is known of the local is known of the bound value.
fn through_let(local: u32, value: &Expr, inner: Vec<Fact>, found: &mut Vec<Fact>) {
    for fact in inner {
        if fact.root != Root::Local(local) {
            found.push(fact);
        } else if let Some(mut outer) = path(value) {
            outer.fields.extend(fact.fields);
            found.push(outer);
        } else if fact.fields.is_empty() {
            strict(value, found);
        }
    }
}

/// The paths that are not null if the expression is not.
fn strict(expr: &Expr, found: &mut Vec<Fact>) {
    // The left operands of a chain are followed in a loop: they can be many thousands.
    let mut next = Some(expr);
    while let Some(expr) = next.take() {
        match &expr.kind {
            ExprKind::Column(_) | ExprKind::Local(_) | ExprKind::Meta(_) => found.extend(path(expr)),
            ExprKind::Field { base, .. } => match path(expr) {
                Some(fact) => found.push(fact),
                None => next = Some(base),
            },
            ExprKind::Widen(inner) | ExprKind::Negate(inner) | ExprKind::Not(inner) => next = Some(inner),
            ExprKind::Arithmetic { left, right, .. } | ExprKind::Compare { left, right, .. } => {
                strict(right, found);
                next = Some(left);
            }
            ExprKind::Index { base, index } => {
                strict(index, found);
                next = Some(base);
            }
            ExprKind::In { operand, .. } | ExprKind::Like { operand, .. } | ExprKind::Matches { operand, .. } => {
                next = Some(operand);
            }
            ExprKind::Concat(parts) => parts.iter().for_each(|part| strict(part, found)),
            ExprKind::Call { function, args } => strict_call(function, args, found),
            ExprKind::Let { local, value, body } => {
                let mut inner = vec![];
                strict(body, &mut inner);
                through_let(*local, value, inner, found);
            }
            ExprKind::Literal(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Coalesce(_)
            | ExprKind::IsNull { .. }
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::List(_)
            | ExprKind::Record(_) => {}
        }
    }
}

/// An argument makes a call null if the function's own typing rule says so: null only where this argument may be null.
fn strict_call(name: &str, args: &[Expr], found: &mut Vec<Fact>) {
    let Some(function) = functions::find(name) else { return };
    let nullable = |which: Option<usize>| {
        let mut changed = args.to_vec();
        for (at, arg) in changed.iter_mut().enumerate() {
            arg.ty.nullable = Some(at) == which;
        }
        (function.typing)(&changed).ok().map(|ty| ty.nullable)
    };
    if args.iter().all(|arg| path(arg).is_none()) || nullable(None) != Some(false) {
        return;
    }
    for (at, arg) in args.iter().enumerate() {
        if path(arg).is_some() && nullable(Some(at)) == Some(true) {
            strict(arg, found);
        }
    }
}

/// `a.b.c` of a field, a parameter or Kafka's data.
fn path(expr: &Expr) -> Option<Fact> {
    let mut fields = vec![];
    let mut at = expr;
    let root = loop {
        match &at.kind {
            ExprKind::Field { base, name } => {
                fields.push(name.clone());
                at = base;
            }
            ExprKind::Column(name) => break Root::Column(name.clone()),
            ExprKind::Local(number) => break Root::Local(*number),
            ExprKind::Meta(meta) => break Root::Meta(meta.clone()),
            _ => return None,
        }
    };
    fields.reverse();
    Some(Fact { root, fields })
}
