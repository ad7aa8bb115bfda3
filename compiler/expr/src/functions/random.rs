//! `random()`: a random number.

use pipewright_plan::{Base, Expr, Type};

use super::{Function, Group};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `random()`
pub static FUNCTION: Function = Function {
    name: "random",
    group: Group::Generated,
    doc: "A float from 0 (included) to 1 (excluded). It differs from run to run.",
    params: &[],

    deterministic: false,
    typing,
    compile,
    examples: &[],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    let _ = args;
    Ok(Base::Float64.required())
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let _ = call;
    // The lower 53 bits of a random UUID are random, and a float has as many.
    Ok(Typed::of_float(|_| Some((uuid::Uuid::new_v4().as_u128() & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64)))
}
