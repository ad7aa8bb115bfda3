//! What can be wrong with JSON text, and how a reader is told.

use crate::codecs::problem::undecodable;
use crate::record::BadRecord;

/// Text that is not JSON. Small, because every scanning function returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The byte where it shows.
    pub at: u32,
    /// What is wrong there.
    pub what: What,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Value,
    Number,
    Literal,
    StringEnd,
    Escape,
    LoneSurrogate,
    ControlCharacter,
    Key,
    Colon,
    ObjectEnd,
    ArrayEnd,
    End,
    TooDeep,
}

impl Malformed {
    /// Offsets beyond 4 GiB cannot occur: the decoder refuses such payloads first.
    #[inline]
    pub fn at(at: usize, what: What) -> Self {
        Self { at: u32::try_from(at).unwrap_or(u32::MAX), what }
    }

    /// For people: what was expected where, with the text that stands there.
    pub fn explain(self, payload: &str) -> BadRecord {
        let at = (self.at as usize).min(payload.len());
        if payload.trim_ascii().is_empty() {
            return undecodable("the value is empty, not a JSON object".to_string());
        }
        let what = match self.what {
            What::Value => "expected a value",
            What::Number => "a number goes wrong",
            What::Literal => "expected `true`, `false` or `null`",
            What::StringEnd => "a string does not end",
            What::Escape => "an unknown escape",
            What::LoneSurrogate => "half of a surrogate pair",
            What::ControlCharacter => "a control character in a string",
            What::Key => "expected a key in quotes",
            What::Colon => "expected `:`",
            What::ObjectEnd => "expected `,` or `}`",
            What::ArrayEnd => "expected `,` or `]`",
            What::End => "expected the end",
            What::TooDeep => "nested deeper than 127 levels",
        };
        let mut around: String = payload.get(at..).unwrap_or_default().chars().take(20).collect();
        around = around.escape_debug().to_string();
        let place = if around.is_empty() { "at its end".to_string() } else { format!("at `{around}`") };
        undecodable(format!("the value is not JSON: {what} {place} (byte {at})"))
    }
}
