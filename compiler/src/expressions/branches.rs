//! `if … then … else …`, and the one type of several branches.

use pipewright_expr::typing;
use pipewright_grammar::{Span, ast};
use pipewright_plan::{Expr, ExprKind, Type};

use super::scope::Names;
use super::{Checker, narrow};

impl Checker<'_, '_> {
    pub(super) fn choose(
        &mut self,
        branches: &[(ast::Expr, ast::Expr)],
        otherwise: &ast::Expr,
        span: Span,
        names: &Names,
        hint: Option<&Type>,
    ) -> Expr {
        let mut conditions = vec![];
        let mut values = vec![];
        // What is known because the conditions so far were false.
        let mut after: Option<Names> = None;
        for (condition, value) in branches {
            let here = after.as_ref().unwrap_or(names);
            let condition = self.condition(condition, here, false, "if");
            let when_true = narrow::facts(&condition, true);
            let value = if when_true.is_empty() {
                self.expr(value, here, hint)
            } else {
                let mut inner = here.clone();
                narrow::apply(&mut inner, &when_true);
                self.expr(value, &inner, hint)
            };
            let when_false = narrow::facts(&condition, false);
            if !when_false.is_empty() {
                narrow::apply(after.get_or_insert_with(|| names.clone()), &when_false);
            }
            conditions.push(condition);
            values.push(value);
        }
        values.push(self.expr(otherwise, after.as_ref().unwrap_or(names), hint));
        let broken = conditions.iter().any(|condition| condition.ty.is_unknown());
        let Some((mut values, ty)) = self.unify(values, "the branches of `if`", span, names) else {
            return self.unknown(span);
        };
        let (false, Some(otherwise)) = (broken, values.pop()) else { return self.unknown(span) };
        let branches = conditions.into_iter().zip(values).collect();
        self.typed(ExprKind::If { branches, otherwise: Box::new(otherwise) }, ty, span)
    }

    /// Brings values to one type. `None`: they have none, or one is unknown; that has been reported.
    pub(super) fn unify(
        &mut self,
        values: Vec<Expr>,
        what: &str,
        span: Span,
        names: &Names,
    ) -> Option<(Vec<Expr>, Type)> {
        if values.iter().any(|value| value.ty.is_unknown()) {
            return None;
        }
        let operands: Vec<_> = values.iter().map(|value| self.operand_in(value, names)).collect();
        match typing::unify(values) {
            Ok(found) => Some(found),
            Err(problem) => {
                self.refuse_value_among(problem, span, operands, what);
                None
            }
        }
    }
}
