//! Visits every expression of a tree. Knows nothing of meaning; depth is bounded by the parser.

use pipewright_grammar::ast::{Expr, ExprKind, Piece, Record};

/// Calls `visit` for an expression and everything inside it.
pub(crate) fn expressions<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Raw(_)
        | ExprKind::Duration(_)
        | ExprKind::Size(_)
        | ExprKind::Percent(_)
        | ExprKind::Instant(_)
        | ExprKind::Name(_)
        | ExprKind::Error => {}
        ExprKind::Interpolated(pieces) => {
            for piece in pieces {
                if let Piece::Hole(hole) = piece {
                    expressions(hole, visit);
                }
            }
        }
        ExprKind::Member(base, _) => expressions(base, visit),
        ExprKind::Index(base, index) => both(base, index, visit),
        ExprKind::Call { callee, args, .. } => {
            expressions(callee, visit);
            args.iter().for_each(|arg| expressions(&arg.value, visit));
        }
        ExprKind::Negate(operand) | ExprKind::Not(operand) => expressions(operand, visit),
        ExprKind::Logic { terms, .. } => terms.iter().for_each(|term| expressions(term, visit)),
        ExprKind::Chain { first, rest } => {
            expressions(first, visit);
            rest.iter().for_each(|link| expressions(&link.operand, visit));
        }
        ExprKind::Compare { left, right, .. } => both(left, right, visit),
        ExprKind::IsNull { operand, .. } | ExprKind::Matches { operand, .. } => expressions(operand, visit),
        ExprKind::In { operand, list, .. } => {
            expressions(operand, visit);
            list.iter().for_each(|member| expressions(member, visit));
        }
        ExprKind::Between { operand, low, high, .. } => {
            expressions(operand, visit);
            both(low, high, visit);
        }
        ExprKind::Like { operand, pattern, .. } => both(operand, pattern, visit),
        ExprKind::If { branches, otherwise } => {
            branches.iter().for_each(|(condition, value)| both(condition, value, visit));
            expressions(otherwise, visit);
        }
        ExprKind::Match { subject, arms } => {
            expressions(subject, visit);
            arms.iter().for_each(|arm| expressions(&arm.value, visit));
        }
        ExprKind::List(members) => members.iter().for_each(|member| expressions(member, visit)),
        ExprKind::Record(record) => entries(record, visit),
    }
}

/// The same for every value of a record.
pub(crate) fn entries<'a>(record: &'a Record, visit: &mut dyn FnMut(&'a Expr)) {
    record.entries.iter().for_each(|entry| expressions(&entry.value, visit));
}

fn both<'a>(one: &'a Expr, other: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    expressions(one, visit);
    expressions(other, visit);
}
