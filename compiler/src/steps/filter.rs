//! `where` and `check`. After both, the rest of the chain knows that the condition was true.

use pipewright_grammar::ast;
use pipewright_plan::{Base, Kind, StepKind, depends_only_on};

use super::Chain;
use crate::{
    diagnostics::{Diagnostics, NondeterministicInReplay},
    expressions::{self, Scope},
};

impl Chain<'_, '_, '_> {
    /// `where EXPR`. On a changelog a put that does not pass deletes the row, because an earlier version may have passed;
    /// not so if the condition can never change for a key.
    pub(super) fn filter(&mut self, condition: &ast::Expr, diagnostics: &mut Diagnostics) -> Option<StepKind> {
        let scope = self.flow.scope();
        let built = expressions::condition(condition, &scope, true, "where", &self.context.expressions(), diagnostics);
        if !built.ty.is_unknown() && self.flow.is_unstable(&built) {
            diagnostics.emit(NondeterministicInReplay { what: "`where`".into(), span: condition.span });
        }
        self.narrowed(&expressions::narrow(&scope, &built));
        let mut deletes = false;
        let schema = &self.flow.schema;
        if let Kind::Changelog { key, deletes: may, .. } = &mut self.flow.kind {
            let known =
                |column: &str| key.iter().any(|it| it == column) || schema.field(column).is_some_and(|it| it.fixed);
            deletes = !depends_only_on(&built, &known);
            *may |= deletes;
        }
        Some(StepKind::Where { condition: built, deletes })
    }

    /// `check EXPR else "why"`.
    pub(super) fn check(
        &mut self,
        condition: &ast::Expr,
        reason: &ast::Expr,
        diagnostics: &mut Diagnostics,
    ) -> Option<StepKind> {
        let scope = self.flow.scope();
        let context = self.context.expressions();
        let condition = expressions::condition(condition, &scope, true, "check", &context, diagnostics);
        let text = Base::String.optional();
        let reason = expressions::check(reason, &scope, Some(&text), &context, diagnostics);
        self.narrowed(&expressions::narrow(&scope, &condition));
        Some(StepKind::Check { condition, reason })
    }

    /// Takes over what is known of the fields now.
    fn narrowed(&mut self, scope: &Scope) {
        self.flow.meta_known.clone_from(&scope.meta_known);
        // The scope has the fields of the schema, in their order.
        for (column, field) in scope.columns().iter().zip(&mut self.flow.schema.fields) {
            if column.narrowed {
                self.flow.narrowed.insert(column.name.clone());
            }
            if field.ty != column.ty {
                field.ty = column.ty.clone();
            }
        }
    }
}
