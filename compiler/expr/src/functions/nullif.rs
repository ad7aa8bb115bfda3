//! `nullif(a, b)`: null instead of a certain value.

use pipewright_plan::{Base, Expr, Type};

use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;
use crate::typing::comparison;
use pipewright_plan::{CompareOp, ExprKind, Literal};

/// `nullif(a, b)`
pub static FUNCTION: Function = Function {
    name: "nullif",
    group: Group::Logic,
    doc: "Null if both are equal, else `a`.",
    params: &[Param::required("a"), Param::required("b")],

    typing,
    compile,
    examples: &[
        Example::new("nullif(\"\", \"\")", "null"),
        Example::new("nullif(5, 0)", "5"),
        Example::new("nullif(0.00, 0)", "null"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    let [a, b] = args else { return Ok(Type::unknown()) };
    if rules::given(args, 0).is_some() && rules::given(args, 1).is_some() {
        comparison(CompareOp::Equal, a.clone(), b.clone())?;
    }
    Ok(if a.ty.is_unknown() { Type::unknown() } else { a.ty.clone().or_null() })
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let [a, b] = call.args else { return Err(call.error("two arguments are needed")) };
    if a.ty.base == Base::Null || b.ty.base == Base::Null {
        return call.typed_as(0, call.ty);
    }
    let (left, right, ty) =
        comparison(CompareOp::Equal, a.clone(), b.clone()).map_err(|problem| call.error(problem.message))?;
    let at = |kind: ExprKind, ty: Type| Expr { kind, ty, origin: call.origin };
    let boolean = Base::Bool.required();
    let equal = at(ExprKind::Compare { op: CompareOp::Equal, left: Box::new(left), right: Box::new(right) }, ty);
    let no = at(ExprKind::Literal(Literal::Bool(false)), boolean.clone());
    let condition = at(ExprKind::Coalesce(vec![equal, no]), boolean);
    let null = at(ExprKind::Literal(Literal::Null), call.ty.clone());
    let choice = ExprKind::If { branches: vec![(condition, null)], otherwise: Box::new(a.clone()) };
    call.instead(&at(choice, call.ty.clone()))
}
