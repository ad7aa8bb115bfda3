//! `x in [ … ]`: constants are looked up, anything else is compared from the left.

use std::collections::HashSet;

use pipewright_plan::{CompareOp, Expr};

use super::comparison::equality;
use super::{CompileError, Compiler, Source, TextSource, Typed};

/// Above this many texts a hash set is faster than looking at each.
const LINEAR: usize = 8;

impl Compiler<'_> {
    pub(super) fn membership(&mut self, operand: &Expr, list: &[Expr], negated: bool) -> Result<Typed, CompileError> {
        let members = list.iter().map(|member| self.expr(member)).collect::<Result<Vec<_>, _>>()?;
        if let Some(texts) = constant_texts(&members)
            && operand.ty.base.is_text()
        {
            let subject = self.text(operand)?;
            if texts.len() > LINEAR {
                let texts: HashSet<Box<str>> = texts.into_iter().collect();
                return Ok(Typed::Bool(subject.map(move |_, text| Some(texts.contains(text) != negated))));
            }
            return Ok(Typed::Bool(
                subject.map(move |_, text| Some(texts.iter().any(|member| **member == *text) != negated)),
            ));
        }
        if let Some(mut ints) = constant_ints(&members) {
            ints.sort_unstable();
            if let Typed::Int(subject) = self.expr(operand)? {
                return Ok(Typed::Bool(
                    subject.map(move |_, value| Some(ints.binary_search(&value).is_ok() != negated)),
                ));
            }
        }
        // Each member against the operand, which is bound to a local so that it is evaluated once.
        let local = u32::MAX - self.locals.len() as u32;
        let subject = self.expr(operand)?;
        let slot = self.locals.len();
        self.locals.push(local);
        let mut tests = Vec::new();
        for (member, expr) in members.into_iter().zip(list) {
            let bound = Typed::from_datum(&operand.ty.base, move |row| row.local(slot));
            let bases = (&operand.ty.base, &expr.ty.base);
            tests.push(equality(CompareOp::Equal, bound, member, bases, expr.origin)?.into_fn());
        }
        Ok(Typed::of_bool(move |row| {
            let value = subject.datum(row);
            if value == crate::Datum::Null {
                return None;
            }
            row.bind(slot, value);
            for test in &tests {
                match test(row) {
                    Some(true) => return Some(!negated),
                    None if row.failed() => return None,
                    _ => {}
                }
            }
            Some(negated)
        }))
    }

    /// The parts of an f-string behind one another; null if one is.
    pub(super) fn concat(&mut self, parts: &[Expr]) -> Result<Typed, CompileError> {
        let parts = parts.iter().map(|part| self.text(part)).collect::<Result<Vec<_>, _>>()?;
        Ok(concatenation(parts))
    }
}

/// Texts behind one another; null if one is.
pub(crate) fn concatenation(parts: Vec<TextSource>) -> Typed {
    Typed::of_text(move |row| {
        let mut out = row.string(64);
        for part in &parts {
            match part {
                // Not through the arena: it is copied here anyway.
                TextSource::Constant(Some(text)) => out.push_str(text),
                part => out.push_str(part.get(row)?),
            }
        }
        Some(out.into_bump_str())
    })
}

fn constant_texts(members: &[Typed]) -> Option<Vec<Box<str>>> {
    members
        .iter()
        .map(|member| match member {
            Typed::Text(TextSource::Constant(Some(text))) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

fn constant_ints(members: &[Typed]) -> Option<Vec<i64>> {
    members
        .iter()
        .map(|member| match member {
            Typed::Int(Source::Constant(value)) => *value,
            _ => None,
        })
        .collect()
}
