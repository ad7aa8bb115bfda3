//! Functions of real numbers: any number in, a float out; what is no number makes the record bad.

use pipewright_plan::{Base, Origin};

use crate::compile::{CallSite, Eval, Typed};
use crate::decimal::to_float;
use crate::{CompileError, Row};

/// A number of any type as a float.
pub fn argument(call: &mut CallSite<'_, '_>, argument: usize) -> Result<Eval<f64>, CompileError> {
    let from = call.base(argument);
    Ok(match call.typed(argument)? {
        Typed::Float(source) => source.into_fn(),
        Typed::Int(source) => source.map(|_, value| Some(value as f64)).into_fn(),
        Typed::Decimal(source) => {
            let scale = if let Base::Decimal { scale, .. } = from { scale } else { 0 };
            source.map(move |_, value| Some(to_float(value, scale))).into_fn()
        }
        _ if from == Base::Null => Box::new(|_| None),
        _ => return Err(call.error("expected a number")),
    })
}

/// The result, unless finite numbers gave none.
pub fn finite(
    row: &Row<'_>,
    origin: Origin,
    inputs: &[f64],
    result: f64,
    call: impl FnOnce() -> String,
) -> Option<f64> {
    if result.is_finite() || inputs.iter().any(|input| !input.is_finite()) {
        return Some(result);
    }
    if result.is_nan() {
        return row.fail("out-of-domain", origin, || format!("{} is no real number", call()));
    }
    row.fail("overflow", origin, || format!("{} is beyond float64", call()))
}
