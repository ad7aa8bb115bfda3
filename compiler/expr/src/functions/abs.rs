//! `abs(x)`: a number without its sign.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `abs(x)`
pub static FUNCTION: Function = Function {
    name: "abs",
    group: Group::Numbers,
    doc: "The number without its sign. Integers give `int64`; durations work, too.",
    params: &[Param::required("x")],

    typing,
    compile,
    examples: &[Example::new("abs(-5)", "5"), Example::new("abs(-1.50)", "1.50"), Example::new("abs(-1e0)", "1e0")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::expect(args, 0, "a number", &Base::Int64, |base| base.is_number() || *base == Base::Duration)?;
    let base = args.first().map_or(Base::Null, |arg| arg.ty.base.clone());
    Ok(rules::result(args, if base.is_integer() { Base::Int64 } else { base }))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    Ok(match call.typed(0)? {
        Typed::Int(source) => Typed::Int(source.map(move |row, value| {
            value.checked_abs().or_else(|| row.fail("overflow", origin, || format!("abs({value}) is beyond int64")))
        })),
        Typed::Float(source) => Typed::Float(source.map(|_, value| Some(value.abs()))),
        Typed::Decimal(source) => Typed::Decimal(source.map(|_, value| Some(value.wrapping_abs()))),
        other => other,
    })
}
