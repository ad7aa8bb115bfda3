//! `uuid_v4()`: a new UUID.

use pipewright_plan::{Base, Expr, Type};

use super::{Function, Group};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `uuid_v4()`
pub static FUNCTION: Function = Function {
    name: "uuid_v4",
    group: Group::Generated,
    doc: "A random UUID (version 4). It differs from run to run.",
    params: &[],

    deterministic: false,
    typing,
    compile,
    examples: &[],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    let _ = args;
    Ok(Base::Uuid.required())
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let _ = call;
    Ok(Typed::of_bytes(|row| Some(&*row.arena.alloc_slice_copy(uuid::Uuid::new_v4().as_bytes()))))
}
