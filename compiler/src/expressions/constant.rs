//! Values that are known before any record is read: options, parameters, and parts of an expression without fields.
//!
//! One evaluator for all: what is folded here is what `run` would compute.

use pipewright_expr::EvalError;
use pipewright_grammar::{SourceId, Span, ast};
use pipewright_plan::{Expr, ExprKind, Literal, Type};

use super::scope::Names;
use super::{Checker, span_of};
use crate::diagnostics::ConstantError;

impl Checker<'_, '_> {
    pub(super) fn constant(&mut self, expr: &ast::Expr, expected: Option<&Type>) -> Option<(Literal, Type)> {
        self.must_be_constant = true;
        let value = self.check(expr, &Names::constant(), expected);
        if value.ty.is_unknown() {
            return None;
        }
        match pipewright_expr::constant(&value) {
            Ok(literal) => Some((literal, value.ty)),
            Err(error) => {
                self.failed(error, span_of(&value));
                None
            }
        }
    }

    /// Computes an operation whose operands are all constants. Operands are folded before, so only they are looked at.
    pub(super) fn fold(&mut self, value: Expr) -> Expr {
        if value.ty.is_unknown() || !self.can_be_folded(&value) {
            return value;
        }
        match pipewright_expr::constant(&value) {
            // A null that was computed keeps its type: as a literal it would fit everywhere.
            Ok(Literal::Null) => value,
            Ok(literal) => {
                // A literal counts with the digits it has, a computed number with those of its type: that must not depend
                // on the value of a parameter. The sign belongs to the literal.
                let stays_computed = value.ty.base.is_number() && !matches!(value.kind, ExprKind::Negate(_));
                let folded = Expr { kind: ExprKind::Literal(literal), ..value };
                if !stays_computed {
                    return folded;
                }
                let (ty, origin) = (folded.ty.clone(), folded.origin);
                Expr { kind: ExprKind::Widen(Box::new(folded)), ty, origin }
            }
            // What cannot be evaluated here is left to the run.
            Err(error) if error.name == "not-constant" => value,
            Err(error) => {
                let span = span_of(&value);
                self.failed(error, span);
                self.unknown(span)
            }
        }
    }

    fn can_be_folded(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Arithmetic { left, right, .. } | ExprKind::Compare { left, right, .. } => {
                is_literal(left) && is_literal(right)
            }
            ExprKind::Negate(inner) => is_literal(inner),
            ExprKind::Concat(parts) => parts.iter().all(is_literal),
            ExprKind::In { operand, list, .. } => is_literal(operand) && list.iter().all(is_literal),
            ExprKind::Call { function, args } => {
                // `fail` fails on purpose, and only where it is reached.
                function != "fail"
                    && self.context.registry.function(function).is_some_and(|function| function.deterministic)
                    && args.iter().all(is_literal)
            }
            _ => false,
        }
    }

    fn failed(&mut self, error: EvalError, whole: Span) {
        let at = error.origin;
        let span = if at.line == 0 { whole } else { Span { source: SourceId(at.file), start: at.start, end: at.end } };
        self.diagnostics.emit(ConstantError { span, reason: error.reason });
    }
}

fn is_literal(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Widen(inner) => is_literal(inner),
        _ => false,
    }
}
