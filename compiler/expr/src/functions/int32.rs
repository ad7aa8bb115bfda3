//! `int32(x)`, `try_int32(x)`: as `int64`, in a smaller range.

use pipewright_plan::Base;

use super::{Example, Function, Group, Param, int64};

const CAST: Function = Function {
    name: "int32",
    group: Group::Conversion,
    doc: "A 32-bit integer from a string, a `bool` (1 or 0), or a number without a fraction. Out of range is a bad record.",
    params: &[Param::required("x")],
    typing: |args| int64::typing(args, Base::Int32, false),
    compile: |call| int64::compile(call, i64::from(i32::MIN)..=i64::from(i32::MAX)),
    examples: &[
        Example::new("int32(\"42\")", "42"),
        Example::new("int32(3000000000)", "error"),
        Example::new("int32(\"-2147483648\")", "-2147483648"),
    ],
    ..Function::PURE
};

/// `int32(x)`
pub static FUNCTION: Function = CAST;

/// `try_int32(x)`
pub static TRY: Function = Function {
    name: "try_int32",
    doc: "As `int32`, but null where that makes the record bad.",
    typing: |args| int64::typing(args, Base::Int32, true),
    examples: &[Example::new("try_int32(3000000000)", "null"), Example::new("try_int32(\"5\")", "5")],
    ..CAST
};
