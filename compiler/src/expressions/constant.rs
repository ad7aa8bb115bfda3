//! Values that are known before any record is read.

use pipewright_grammar::ast;
use pipewright_plan::{Expr, ExprKind, Literal, Type};

use super::Checker;
use super::scope::Names;

impl Checker<'_, '_> {
    pub(super) fn constant(&mut self, expr: &ast::Expr, expected: Option<&Type>) -> Option<(Literal, Type)> {
        let value = self.check(expr, &Names::constant(), expected);
        let ty = value.ty.clone();
        match value.kind {
            ExprKind::Literal(literal) if !ty.is_unknown() => Some((literal, ty)),
            _ => None,
        }
    }

    pub(super) fn fold(&mut self, value: Expr) -> Expr {
        value
    }
}
