//! `local_timestamp(x[, "format"])`, `try_local_timestamp(…)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::civil::DAY;
use super::{Example, Function, Group, Param, pattern};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::{Finer, read_local_timestamp};
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "local_timestamp",
    group: Group::Conversion,
    doc: "Civil time without a zone, from a string (`2010-12-01 08:26:00`, or with a `T`, or as the format says) or from a \
          date (its midnight). `at_zone` makes it an instant.",
    params: &[Param::required("x"), Param::optional("format")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("local_timestamp(\"2010-12-01 08:26:00\")", "@2010-12-01T08:26:00"),
        Example::new("local_timestamp(\"12/1/2010 8:26\", \"%m/%d/%Y %H:%M\")", "@2010-12-01T08:26:00"),
        Example::new("local_timestamp(@2010-12-01)", "@2010-12-01T00:00:00"),
        Example::new("local_timestamp(\"2010-12-01T08:26:00Z\")", "error"),
    ],
    ..Function::PURE
};

/// `local_timestamp(x[, "format"])`
pub static FUNCTION: Function = CAST;

/// `try_local_timestamp(x[, "format"])`
pub static TRY: Function = Function {
    name: "try_local_timestamp",
    doc: "As `local_timestamp`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[
        Example::new("try_local_timestamp(\"noon\")", "null"),
        Example::new("try_local_timestamp(\"2010-12-01 08:26:00\")", "@2010-12-01T08:26:00"),
    ],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::LocalTimestamp, |from| textual(from) || *from == Base::Date)?;
    pattern::check(args, 1, pattern::Wanted::Civil)?;
    Ok(cast_type(args, Base::LocalTimestamp, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    if textual(&call.base(0)) {
        let text = text_input(call)?;
        if let Some(format) = call.literal_text(1)? {
            return Ok(Typed::of_int(move |row| {
                let text = text(row)?;
                match pattern::read(&format, text, pattern::Wanted::Civil) {
                    Ok(micros) => Some(micros),
                    Err(problem) => cast.refuse(row, || problem.reason(text, &format)),
                }
            }));
        }
        return Ok(Typed::of_int(move |row| {
            let text = text(row)?;
            cast.finish(row, text, read_local_timestamp(text.as_bytes(), Finer::Refuse))
        }));
    }
    let factor = if call.base(0) == Base::Date { DAY } else { 1 };
    let value = call.int(0)?;
    Ok(Typed::of_int(move |row| value(row).map(|value| value.saturating_mul(factor))))
}
