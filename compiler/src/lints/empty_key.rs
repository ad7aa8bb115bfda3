//! A key that is empty text where something is missing.

use pipewright_grammar::ast::{ChainOp, Expr, ExprKind};

use super::facts::Facts;
use crate::diagnostics::{Diagnostics, EmptyKey};

pub(super) fn check(facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
    for (topic, _) in facts.broker_topics().filter(|(it, _)| it.owned()) {
        for option in ["key", "partition_key"] {
            let Some(entry) = facts.entry(&topic.name, option) else { continue };
            if let Some(empty) = fallback(&entry.value) {
                diagnostics.emit(EmptyKey { topic: topic.name.clone(), span: empty.span });
            }
        }
    }
}

/// The empty text behind `??`. Several parts are written as a list, which is never empty.
fn fallback(key: &Expr) -> Option<&Expr> {
    match &key.kind {
        ExprKind::List(parts) => if let [one] = parts.as_slice() { fallback(one) } else { None },
        ExprKind::Chain { rest, .. } => {
            let last = rest.last().filter(|it| it.op == ChainOp::Coalesce)?;
            matches!(&last.operand.kind, ExprKind::String(text) if text.is_empty()).then_some(&last.operand)
        }
        _ => None,
    }
}
