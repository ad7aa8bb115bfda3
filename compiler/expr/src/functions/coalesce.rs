//! `coalesce(x, …)`: the first value that is there.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use crate::typing::{is_never, unify};

/// `coalesce(x, …)`
pub static FUNCTION: Function = Function {
    name: "coalesce",
    group: Group::Logic,
    doc: "The first value that is not null; the same as `a ?? b`. What comes after it is not evaluated.",
    params: &[Param::required("x")],
    variadic: true,

    typing,
    compile,
    examples: &[Example::new("coalesce(null, 2, 3)", "2"), Example::new("coalesce(null, null)", "null")],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    let (_, mut ty) = unify(args.to_vec())?;
    ty.nullable = args.iter().all(|arg| !is_never(arg) && (arg.ty.nullable || arg.ty.base == Base::Null));
    Ok(ty)
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    call.coalesce()
}
