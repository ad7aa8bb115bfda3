//! `and`, `or`, `is null`: three-valued, from the left, only what is needed.

use pipewright_plan::Expr;

use super::{CompileError, Compiler, Eval, Source, TextSource, Typed};
use crate::Row;

impl Compiler<'_> {
    fn conditions(&mut self, parts: &[Expr]) -> Result<Vec<Eval<bool>>, CompileError> {
        parts.iter().map(|part| self.bool(part).map(Source::into_fn)).collect()
    }

    pub(super) fn and(&mut self, parts: &[Expr]) -> Result<Typed, CompileError> {
        let parts = self.conditions(parts)?;
        Ok(decided_by(false, parts))
    }

    pub(super) fn or(&mut self, parts: &[Expr]) -> Result<Typed, CompileError> {
        let parts = self.conditions(parts)?;
        Ok(decided_by(true, parts))
    }

    pub(super) fn is_null(&mut self, operand: &Expr, negated: bool) -> Result<Typed, CompileError> {
        // A column is null if its cell is, whatever its type; nothing is read.
        let typed = self.expr(operand)?;
        let column = match &typed {
            Typed::Bool(Source::Column(column))
            | Typed::Int(Source::Column(column))
            | Typed::Float(Source::Column(column))
            | Typed::Decimal(Source::Column(column))
            | Typed::Text(TextSource::Column(column))
            | Typed::Bytes(super::BytesSource::Column(column)) => Some(*column),
            _ => None,
        };
        if let Some(column) = column {
            return Ok(Typed::of_bool(move |row| Some((row.cell(column) == crate::Datum::Null) != negated)));
        }
        Ok(Typed::of_bool(move |row| {
            let null = typed.datum(row) == crate::Datum::Null;
            if row.failed() { None } else { Some(null != negated) }
        }))
    }
}

/// `and` is decided by the first false, `or` by the first true; otherwise a null decides.
fn decided_by(decisive: bool, parts: Vec<Eval<bool>>) -> Typed {
    let step = move |row: &Row<'_>, part: &Eval<bool>, null: &mut bool| match part(row) {
        Some(value) => value == decisive,
        None => {
            *null = true;
            false
        }
    };
    match <[Eval<bool>; 2]>::try_from(parts) {
        Ok([a, b]) => Typed::of_bool(move |row| {
            let mut null = false;
            if step(row, &a, &mut null) {
                return Some(decisive);
            }
            if null && row.failed() {
                return None;
            }
            if step(row, &b, &mut null) {
                return Some(decisive);
            }
            if null { None } else { Some(!decisive) }
        }),
        Err(parts) => Typed::of_bool(move |row| {
            let mut null = false;
            for part in &parts {
                if step(row, part, &mut null) {
                    return Some(decisive);
                }
                if null && row.failed() {
                    return None;
                }
            }
            if null { None } else { Some(!decisive) }
        }),
    }
}
