//! `to_unix(x, "unit")`: an instant as a number.

use pipewright_plan::{Base, Expr, Type};

use super::epoch;
use super::{Example, Function, Group, Param, rules};
use crate::CompileError;
use crate::compile::show_int;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// `to_unix(x, "unit")`
pub static FUNCTION: Function = Function {
    name: "to_unix",
    group: Group::Time,
    doc: "The time since 1970 in a unit (`s`, `ms`, `us` or `ns`), rounded down. The way back is `timestamp(x, unit = \"ms\")`.",
    params: &[Param::required("x"), Param::required("unit")],

    typing,
    compile,
    examples: &[
        Example::new("to_unix(@1970-01-01T00:00:01.5Z, \"ms\")", "1500"),
        Example::new("to_unix(@1969-12-31T23:59:59.5Z, \"s\")", "-1"),
        Example::new("to_unix(@9999-12-31T00:00:00Z, \"ns\")", "error"),
    ],
    ..Function::PURE
};

fn typing(args: &[Expr]) -> Result<Type, TypeProblem> {
    rules::expect(args, 0, "a timestamp", &Base::Timestamp, |base| *base == Base::Timestamp)?;
    rules::word(args, 1, "a unit of time", &epoch::UNITS)?;
    Ok(rules::result(args.get(..1).unwrap_or_default(), Base::Int64))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let origin = call.origin;
    let Some(unit) = call.literal_text(1)?.and_then(|unit| epoch::per_second(&unit)) else {
        return Err(call.error("no unit"));
    };
    let x = call.int(0)?;
    Ok(Typed::of_int(move |row| {
        let x = x(row)?;
        if unit > 1_000_000 {
            return x.checked_mul(1000).or_else(|| {
                row.fail("overflow", origin, || format!("{} in ns is beyond int64", show_int(x, &Base::Timestamp)))
            });
        }
        Some(x.div_euclid(1_000_000 / unit))
    }))
}
