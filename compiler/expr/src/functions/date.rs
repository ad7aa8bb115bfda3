//! `date(x[, "format"])`, `try_date(…)`.

use pipewright_plan::{Base, Expr, Type};

use super::cast::{Cast, cast_type, takes, text_input, textual};
use super::civil::DAY;
use super::{Example, Function, Group, Param, pattern};
use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::convert::read_date;
use crate::typing::TypeProblem;

const CAST: Function = Function {
    name: "date",
    group: Group::Conversion,
    doc: "A date from a string (`2026-01-31`, or as the format says), from civil time, or from an instant (its day in UTC).",
    params: &[Param::required("x"), Param::optional("format")],
    typing: |args| typing(args, false),
    compile,
    examples: &[
        Example::new("date(\"2026-01-31\")", "@2026-01-31"),
        Example::new("date(\"31/01/2026\", \"%d/%m/%Y\")", "@2026-01-31"),
        Example::new("date(@2026-01-31T23:00:00Z)", "@2026-01-31"),
        Example::new("date(\"2026-02-30\")", "error"),
    ],
    ..Function::PURE
};

/// `date(x[, "format"])`
pub static FUNCTION: Function = CAST;

/// `try_date(x[, "format"])`
pub static TRY: Function = Function {
    name: "try_date",
    doc: "As `date`, but null where that makes the record bad.",
    typing: |args| typing(args, true),
    examples: &[
        Example::new("try_date(\"2026-02-30\")", "null"),
        Example::new("try_date(\"2026-02-28\")", "@2026-02-28"),
    ],
    ..CAST
};

fn typing(args: &[Expr], attempt: bool) -> Result<Type, TypeProblem> {
    takes(args, &Base::Date, |from| textual(from) || matches!(from, Base::Timestamp | Base::LocalTimestamp))?;
    pattern::check(args, 1, pattern::Wanted::Date)?;
    Ok(cast_type(args, Base::Date, attempt))
}

fn compile(call: &mut CallSite<'_, '_>) -> Result<Typed, CompileError> {
    let cast = Cast::new(call);
    if textual(&call.base(0)) {
        let text = text_input(call)?;
        if let Some(format) = call.literal_text(1)? {
            return Ok(Typed::of_int(move |row| {
                let text = text(row)?;
                match pattern::read(&format, text, pattern::Wanted::Date) {
                    Ok(micros) => Some(micros.div_euclid(DAY)),
                    Err(problem) => cast.refuse(row, || problem.reason(text, &format)),
                }
            }));
        }
        return Ok(Typed::of_int(move |row| {
            let text = text(row)?;
            cast.finish(row, text, read_date(text.as_bytes())).map(i64::from)
        }));
    }
    let date = call.base(0) == Base::Date;
    let value = call.int(0)?;
    Ok(Typed::of_int(move |row| value(row).map(|value| if date { value } else { value.div_euclid(DAY) })))
}
