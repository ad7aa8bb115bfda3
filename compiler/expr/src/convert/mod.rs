//! Exact conversions between text and values, one file a type: the casts of the language and the codecs of the runtime
//! read and write through the same functions.
//!
//! Readers take the bytes of one value, nothing around it, and never round: what a type cannot hold exactly is an error.
//! Writers append to an [`Out`] and cannot fail. Neither allocates.

mod boolean;
mod civil;
mod date;
mod decimal;
mod duration;
mod float;
mod integer;
mod json;
mod time;
mod timestamp;
mod uuid;

pub use boolean::{read_bool, write_bool};
pub use civil::{MAX_INSTANT, MIN_INSTANT, civil_from_days, days_from_civil, days_in_month};
pub use date::{read_date, write_date};
pub use decimal::{read_decimal, write_decimal};
pub use duration::{read_duration, write_duration};
pub use float::{read_float, write_float};
pub use integer::{read_int, read_int_number, write_int};
pub use json::write_json_string;
pub use time::{read_time, write_time};
pub use timestamp::{Finer, read_local_timestamp, read_timestamp, write_local_timestamp, write_timestamp};
pub use uuid::{read_uuid, write_uuid};

use std::fmt::Write;

/// Why a text is not a value of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvertError {
    /// It is not written like one.
    Malformed,
    /// It is written like one, but the type does not reach that far.
    OutOfRange,
    /// It has digits that the type cannot hold.
    Inexact,
    /// An instant without a zone.
    NoZone,
    /// A zone where civil time is meant.
    Zone,
}

impl ConvertError {
    /// The reason for the user: "`12x` is not an int64".
    pub fn reason(self, value: &[u8], ty: &str) -> String {
        let value = shown(&String::from_utf8_lossy(value));
        match self {
            ConvertError::Malformed => format!("`{value}` is not {}", with_article(ty)),
            ConvertError::OutOfRange => format!("`{value}` is out of the range of `{ty}`"),
            ConvertError::Inexact => format!("`{value}` has more digits than `{ty}` holds"),
            ConvertError::NoZone => format!("`{value}` has no time zone, which a timestamp needs"),
            ConvertError::Zone => format!("`{value}` has a time zone, which a local_timestamp has not"),
        }
    }
}

/// `an int64`, `a date`.
pub(crate) fn with_article(ty: &str) -> String {
    let article = if ty.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {ty}")
}

/// A value as messages show it: one line, at most 80 characters.
pub fn shown(value: &str) -> String {
    let mut text = String::new();
    for (count, c) in value.chars().enumerate() {
        if count == 79 {
            text.push('…');
            break;
        }
        if c.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}", c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}

/// Where written text goes: a reused buffer, or the arena of a batch.
pub trait Out {
    /// Appends.
    fn put(&mut self, bytes: &[u8]);
}

impl Out for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Out for bumpalo::collections::Vec<'_, u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice_copy(bytes);
    }
}

/// Two digits at that place.
fn two(text: &[u8], at: usize) -> Result<u32, ConvertError> {
    match text.get(at..at + 2) {
        Some([a @ b'0'..=b'9', b @ b'0'..=b'9']) => Ok(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => Err(ConvertError::Malformed),
    }
}

/// Writes a number below 100 with two digits.
fn put_two(out: &mut impl Out, value: u32) {
    let digit = |value: u32| b'0' + (value % 10) as u8;
    out.put(&[digit(value / 10), digit(value)]);
}
