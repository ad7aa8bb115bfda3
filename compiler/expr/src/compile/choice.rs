//! `if`, `match`, `??` and `let`: one of several values, and only that one is evaluated.

use std::sync::atomic::Ordering;

use pipewright_plan::{Expr, Literal, MatchArm, Origin, Type};

use super::{
    BytesSource, CompileError, Compiler, Reached, Source, TextSource, Typed, error, literal_typed, representation,
};
use crate::{Datum, Row};

/// The closures of several values of one representation, combined by one closure.
macro_rules! combine {
    ($values:expr, $base:expr, $fs:ident => $closure:expr) => {
        match representation($base) {
            super::Representation::Bool => Typed::Bool(Source::Computed({
                let $fs = all(|typed| if let Typed::Bool(s) = typed { Some(s.into_fn()) } else { None }, $values)?;
                Box::new($closure)
            })),
            super::Representation::Int => Typed::Int(Source::Computed({
                let $fs = all(|typed| if let Typed::Int(s) = typed { Some(s.into_fn()) } else { None }, $values)?;
                Box::new($closure)
            })),
            super::Representation::Float => Typed::Float(Source::Computed({
                let $fs = all(|typed| if let Typed::Float(s) = typed { Some(s.into_fn()) } else { None }, $values)?;
                Box::new($closure)
            })),
            super::Representation::Decimal => Typed::Decimal(Source::Computed({
                let $fs = all(|typed| if let Typed::Decimal(s) = typed { Some(s.into_fn()) } else { None }, $values)?;
                Box::new($closure)
            })),
            super::Representation::Text => Typed::Text(TextSource::Computed({
                let $fs = all(|typed| if let Typed::Text(s) = typed { Some(s.into_fn()) } else { None }, $values)?;
                Box::new($closure)
            })),
            super::Representation::Bytes => Typed::Bytes(BytesSource::Computed({
                let $fs = all(|typed| if let Typed::Bytes(s) = typed { Some(s.into_fn()) } else { None }, $values)?;
                Box::new($closure)
            })),
        }
    };
}

fn all<F>(take: impl Fn(Typed) -> Option<F>, values: Vec<Typed>) -> Result<Vec<F>, CompileError> {
    values
        .into_iter()
        .map(|typed| take(typed).ok_or_else(|| error(Origin::default(), "branches of different types")))
        .collect()
}

impl Compiler<'_> {
    /// `x ?? y ?? z`
    pub(crate) fn coalesce(&mut self, parts: &[Expr], ty: &Type) -> Result<Typed, CompileError> {
        let values = parts.iter().map(|part| self.expr_as(part, ty)).collect::<Result<Vec<_>, _>>()?;
        Ok(combine!(values, &ty.base, fs => move |row| {
            for f in &fs {
                let value = f(row);
                if value.is_some() || row.failed() {
                    return value;
                }
            }
            None
        }))
    }

    pub(super) fn branches(
        &mut self,
        branches: &[(Expr, Expr)],
        otherwise: &Expr,
        ty: &Type,
        origin: Origin,
    ) -> Result<Typed, CompileError> {
        let places = branches.iter().map(|(_, value)| value).chain([otherwise]).map(|it| it.origin);
        let reached = self.reached(origin, places);
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        for (condition, value) in branches {
            conditions.push(self.bool(condition)?.into_fn());
            values.push(self.expr_as(value, ty)?);
        }
        values.push(self.expr_as(otherwise, ty)?);
        let pick = move |row: &Row<'_>| {
            for (position, condition) in conditions.iter().enumerate() {
                match condition(row) {
                    Some(true) => return Some(position),
                    None if row.failed() => return None,
                    _ => {}
                }
            }
            Some(conditions.len())
        };
        choose(values, ty, reached, pick)
    }

    /// Who wants to know which of these values is taken; empty: nobody.
    fn reached(&self, choice: Origin, places: impl Iterator<Item = Origin>) -> Vec<Reached> {
        // A constant is evaluated when it is compiled: which of its branches is taken says nothing of any record.
        if !self.folding {
            return Vec::new();
        }
        places.map_while(|place| self.layout.branch(choice, place)).collect()
    }

    pub(super) fn arms(
        &mut self,
        subject: &Expr,
        arms: &[MatchArm],
        ty: &Type,
        origin: Origin,
    ) -> Result<Typed, CompileError> {
        let reached = self.reached(origin, arms.iter().map(|arm| arm.value.origin));
        let mut patterns = Vec::new();
        let mut rest = None;
        let mut null = None;
        let mut values = Vec::new();
        for (position, arm) in arms.iter().enumerate() {
            if rest.is_some() {
                break;
            }
            if arm.patterns.is_empty() {
                rest = Some(position);
            }
            for pattern in &arm.patterns {
                if *pattern == Literal::Null {
                    null = null.or(Some(position));
                } else {
                    patterns.push((literal_typed(pattern, &subject.ty, origin)?, position));
                }
            }
            values.push(self.expr_as(&arm.value, ty)?);
        }
        let null = null.or(rest);
        let unmatched = move |row: &Row<'_>| -> Option<usize> {
            rest.or_else(|| row.fail("no-match", origin, || "no arm of `match` fits the value".to_owned()))
        };
        let nothing =
            move |row: &Row<'_>| -> Option<usize> { if row.failed() { None } else { null.or_else(|| unmatched(row)) } };
        macro_rules! find {
            ($source:expr, $variant:ident, $constant:pat => $value:expr) => {{
                let patterns: Vec<_> = patterns
                    .into_iter()
                    .filter_map(|(typed, position)| match typed {
                        Typed::$variant($constant) => Some(($value, position)),
                        _ => None,
                    })
                    .collect();
                let subject = $source;
                choose(values, ty, reached, move |row| match subject.get(row) {
                    None => nothing(row),
                    Some(value) => match patterns.iter().find(|(pattern, _)| pattern.same(&value)) {
                        Some((_, position)) => Some(*position),
                        None => unmatched(row),
                    },
                })
            }};
        }
        match self.expr(subject)? {
            Typed::Bool(source) => find!(source, Bool, Source::Constant(Some(value)) => value),
            Typed::Int(source) => find!(source, Int, Source::Constant(Some(value)) => value),
            Typed::Float(source) => {
                let patterns: Vec<(f64, usize)> = patterns
                    .into_iter()
                    .filter_map(|(typed, position)| match typed {
                        Typed::Float(Source::Constant(Some(value))) => Some((value, position)),
                        _ => None,
                    })
                    .collect();
                choose(values, ty, reached, move |row| match source.get(row) {
                    None => nothing(row),
                    Some(value) => {
                        match patterns.iter().find(|(pattern, _)| super::compare_floats(*pattern, value).is_eq()) {
                            Some((_, position)) => Some(*position),
                            None => unmatched(row),
                        }
                    }
                })
            }
            Typed::Decimal(source) => find!(source, Decimal, Source::Constant(Some(value)) => value),
            Typed::Text(source) => find!(source, Text, TextSource::Constant(Some(value)) => value),
            Typed::Bytes(source) => find!(source, Bytes, BytesSource::Constant(Some(value)) => value),
        }
    }

    pub(super) fn binding(&mut self, local: u32, value: &Expr, body: &Expr) -> Result<Typed, CompileError> {
        let value = self.expr(value)?;
        // The same part may be compiled twice; its local keeps its slot.
        let slot = match self.locals.iter().position(|other| *other == local) {
            Some(slot) => slot,
            None => {
                self.locals.push(local);
                self.locals.len() - 1
            }
        };
        let ty = body.ty.clone();
        let body = self.expr(body)?;
        Ok(combine!(vec![body], &ty.base, fs => move |row| {
            let bound: Datum<'_> = value.datum(row);
            if row.failed() {
                return None;
            }
            row.bind(slot, bound);
            fs.first()?(row)
        }))
    }
}

/// Equality between a constant and a value of the row.
trait Same<V: ?Sized> {
    fn same(&self, value: &V) -> bool;
}

macro_rules! same {
    ($constant:ty, $value:ty) => {
        impl Same<$value> for $constant {
            #[inline]
            fn same(&self, value: &$value) -> bool {
                **self == **value
            }
        }
    };
    ($scalar:ty) => {
        impl Same<$scalar> for $scalar {
            #[inline]
            fn same(&self, value: &$scalar) -> bool {
                self == value
            }
        }
    };
}
same!(bool);
same!(i64);
same!(i128);
same!(Box<str>, &str);
same!(Box<[u8]>, &[u8]);

/// The value that the closure picks. `reached`: who wants to know which, by position; empty: nobody.
fn choose(
    values: Vec<Typed>,
    ty: &Type,
    reached: Vec<Reached>,
    pick: impl for<'r, 'b> Fn(&'r Row<'b>) -> Option<usize> + Send + Sync + 'static,
) -> Result<Typed, CompileError> {
    if reached.is_empty() {
        return Ok(combine!(values, &ty.base, fs => move |row| fs.get(pick(row)?)?(row)));
    }
    let pick = move |row: &Row<'_>| {
        let position = pick(row)?;
        if let Some(reached) = reached.get(position) {
            reached.store(true, Ordering::Relaxed);
        }
        Some(position)
    };
    Ok(combine!(values, &ty.base, fs => move |row| fs.get(pick(row)?)?(row)))
}
