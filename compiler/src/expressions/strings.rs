//! f-strings: text with values in it.

use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, Expr, ExprKind, Literal, Type};

use super::scope::Names;
use super::{Checker, span_of};

impl Checker<'_, '_> {
    /// Each hole becomes text as `string(…)` would make it; a null in one makes the whole null.
    pub(super) fn interpolated(&mut self, pieces: &[ast::Piece], span: Span, names: &Names) -> Expr {
        let mut parts = vec![];
        let (mut fits, mut nullable) = (true, false);
        for piece in pieces {
            let part = match piece {
                ast::Piece::Text(text) => {
                    self.typed(ExprKind::Literal(Literal::Text(text.clone())), Base::String.required(), span)
                }
                ast::Piece::Hole(hole) => {
                    let value = self.expr(hole, names, None);
                    self.hole(value, names)
                }
            };
            fits &= !part.ty.is_unknown();
            nullable |= part.ty.nullable;
            parts.push(part);
        }
        if !fits {
            return self.unknown(span);
        }
        let value = self.typed(ExprKind::Concat(parts), Type { base: Base::String, nullable }, span);
        self.fold(value)
    }

    fn hole(&mut self, value: Expr, names: &Names) -> Expr {
        if value.ty.is_unknown() || value.ty.base.is_text() {
            return value;
        }
        let span = span_of(&value);
        let operand = self.operand_in(&value, names);
        let args = vec![value];
        let Some(cast) = self.context.registry.function("string") else { return self.unknown(span) };
        match (cast.typing)(&args) {
            Ok(ty) => self.typed(ExprKind::Call { function: cast.name.to_owned(), args }, ty, span),
            Err(problem) => {
                self.refuse(problem, span, vec![operand]);
                self.unknown(span)
            }
        }
    }
}
