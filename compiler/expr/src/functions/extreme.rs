//! The largest or smallest of several values, which `greatest` and `least` share.

use std::cmp::Ordering;

use pipewright_plan::{Base, Expr, Type};

use crate::compile::{CallSite, Typed, compare_floats};
use crate::typing::{TypeProblem, unify};
use crate::{CompileError, Datum};

/// One type that has an order; null only if all values may be.
pub fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    let (_, mut ty) = unify(args.to_vec())?;
    if matches!(ty.base, Base::Bool | Base::Json | Base::List(_) | Base::Map(_) | Base::Record(_)) {
        return Err(TypeProblem::new("not-comparable", format!("`{}` has no order", ty.base)).at(0));
    }
    ty.nullable = args.iter().all(|arg| arg.ty.nullable || arg.ty.base == Base::Null);
    Ok(ty)
}

/// Keeps the value whose order against the best so far passes the test.
pub fn compile(call: &mut CallSite<'_, '_>, better: fn(Ordering) -> bool) -> Result<Typed, CompileError> {
    let ty = call.ty.clone();
    let values = (0..call.args.len()).map(|argument| call.typed_as(argument, &ty)).collect::<Result<Vec<_>, _>>()?;
    Ok(Typed::from_datum(&ty.base, move |row| {
        let mut best = Datum::Null;
        for value in &values {
            let value = value.datum(row);
            if value != Datum::Null && (best == Datum::Null || better(order(value, best))) {
                best = value;
            }
        }
        best
    }))
}

/// The order of two values of one type; decimals have the same scale.
pub fn order(a: Datum<'_>, b: Datum<'_>) -> Ordering {
    match (a, b) {
        (Datum::Bool(a), Datum::Bool(b)) => a.cmp(&b),
        (Datum::Int(a), Datum::Int(b)) => a.cmp(&b),
        (Datum::Float(a), Datum::Float(b)) => compare_floats(a, b),
        (Datum::Decimal(a), Datum::Decimal(b)) => a.cmp(&b),
        (Datum::Text(a), Datum::Text(b)) => a.cmp(b),
        (Datum::Bytes(a), Datum::Bytes(b)) => a.cmp(b),
        // Of two types: never the same, and never asked for.
        _ => Ordering::Less,
    }
}
