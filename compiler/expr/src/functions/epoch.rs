//! Numbers since 1970 in a unit.

use super::civil::in_range;
use crate::decimal::{extend, pow10};

/// The units, as arguments.
pub const UNITS: [&str; 4] = ["s", "ms", "us", "ns"];

/// How many of the unit a second has.
pub fn per_second(unit: &str) -> Option<i64> {
    match unit {
        "s" => Some(1),
        "ms" => Some(1_000),
        "us" => Some(1_000_000),
        "ns" => Some(1_000_000_000),
        _ => None,
    }
}

/// Microseconds of a number with that scale, if it is a whole number of them and in range.
pub fn to_micros(value: i128, scale: u8, per_second: i64) -> Option<i64> {
    // value / 10^scale * 1_000_000 / per_second
    let numerator = extend(value, 0, 6)?;
    let denominator = pow10(scale).checked_mul(i128::from(per_second))?;
    if numerator % denominator != 0 {
        return None;
    }
    in_range(i64::try_from(numerator / denominator).ok()?)
}
