//! `same(a, b)`: equality that knows null.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use crate::typing::comparison;
use pipewright_plan::{CompareOp, ExprKind};

/// `same(a, b)`
pub static FUNCTION: Function = Function {
    name: "same",
    group: Group::Logic,
    doc: "True if both are equal or both are null. Never null itself, unlike `==`.",
    params: &[Param::required("a"), Param::required("b")],

    typing,
    compile,
    examples: &[
        Example::new("same(null, null)", "true"),
        Example::new("same(1, null)", "false"),
        Example::new("same(1, 1.0)", "true"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    let [a, b] = args else { return Ok(Type::unknown()) };
    if rules::given(args, 0).is_some() && rules::given(args, 1).is_some() {
        let (_, _, ty) = comparison(CompareOp::Equal, a.clone(), b.clone())?;
        if ty.is_unknown() {
            return Ok(ty);
        }
    }
    Ok(Base::Bool.required())
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let [a, b] = call.args else { return Err(call.error("two arguments are needed")) };
    let boolean = Base::Bool.required();
    let at = |kind: ExprKind, ty: Type| Expr { kind, ty, origin: call.origin };
    let is_null =
        |operand: &Expr| at(ExprKind::IsNull { operand: Box::new(operand.clone()), negated: false }, boolean.clone());
    let both = at(ExprKind::And(vec![is_null(a), is_null(b)]), boolean.clone());
    if a.ty.base == Base::Null || b.ty.base == Base::Null {
        return call.instead(&both);
    }
    let (left, right, ty) =
        comparison(CompareOp::Equal, a.clone(), b.clone()).map_err(|problem| call.error(problem.message))?;
    let equal = at(ExprKind::Compare { op: CompareOp::Equal, left: Box::new(left), right: Box::new(right) }, ty);
    // Equality is null if a side is: then only two nulls are the same.
    call.instead(&at(ExprKind::Coalesce(vec![equal, both]), boolean.clone()))
}
