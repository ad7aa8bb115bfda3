//! `now()`: the time of processing.

use pipewright_plan::{Base, Expr, Type};

use super::{Function, Group};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `now()`
pub static FUNCTION: Function = Function {
    name: "now",
    group: Group::Generated,
    doc: "The time at which the record is processed. It differs from run to run: not allowed in keys, conditions and window times; `meta.timestamp` is the time that stays.",
    params: &[],

    deterministic: false,
    typing,
    compile,
    examples: &[],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    let _ = args;
    Ok(Base::Timestamp.required())
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let _ = call;
    Ok(Typed::of_int(|row| {
        if row.clock.is_some() {
            return row.clock;
        }
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_micros()).ok()
    }))
}
