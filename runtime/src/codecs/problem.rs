//! Why a record is bad, in the words that all codecs share. The field is named; its value is shown, shortened, unless it
//! is personal data (`@pii`).

use pipewright_plan::{Base, Origin, Type};

use crate::record::BadRecord;

/// The bytes are not what the format says.
pub const UNDECODABLE: &str = "undecodable";
/// A field that must be there is not.
pub const MISSING_FIELD: &str = "missing-field";
/// A field that may not be null is.
pub const NULL_VALUE: &str = "null-value";
/// A value that its type cannot hold.
pub const WRONG_TYPE: &str = "wrong-type";
/// A value that the format cannot hold.
pub const UNENCODABLE: &str = "unencodable";

/// The field that a problem is about.
#[derive(Clone, Debug)]
pub(crate) struct FieldName {
    /// As people know it: `customer.name`.
    pub name: String,
    /// Where it is declared.
    pub origin: Option<Origin>,
    /// Its value is not to be shown.
    pub pii: bool,
}

impl FieldName {
    /// It is not there.
    #[cold]
    pub fn missing(&self, inside: &str) -> BadRecord {
        self.bad(MISSING_FIELD, format!("`{}{inside}` is missing", self.name))
    }

    /// It is null.
    #[cold]
    pub fn null(&self, inside: &str) -> BadRecord {
        self.bad(NULL_VALUE, format!("`{}{inside}` is null", self.name))
    }

    /// It does not fit its type. `shown` is the value as it stands in the input.
    #[cold]
    pub fn misfit(&self, inside: &str, shown: &str, ty: &Type, why: &Misfit) -> BadRecord {
        let name = &self.name;
        let plain = Type { base: ty.base.clone(), nullable: false };
        let value = if self.pii { "…".to_string() } else { shortened(shown) };
        let reason = match (why, &ty.base) {
            (_, Base::Set(members)) => {
                let members: Vec<_> = members.iter().map(|it| format!("{it:?}")).collect();
                format!("`{name}{inside}` is {value}, not one of {}", members.join(", "))
            }
            (Misfit::Kind, base) => format!("`{name}{inside}` is {value}, not {} `{plain}`", article(base)),
            (Misfit::TooLarge, base) => {
                format!("`{name}{inside}` is {value}, out of the range of {} `{plain}`", article(base))
            }
            (Misfit::TooFine, Base::Decimal { scale, .. }) => {
                format!("`{name}{inside}` is {value}, with more than {scale} decimal places")
            }
            (Misfit::TooFine, base) => {
                format!("`{name}{inside}` is {value}, finer than {} `{plain}`", article(base))
            }
            (Misfit::Because(_), _) if self.pii => {
                format!("`{name}{inside}` is {value}, not {} `{plain}`", article(&ty.base))
            }
            (Misfit::Because(why), _) => format!("`{name}{inside}` is {value}: {why}"),
        };
        self.bad(WRONG_TYPE, reason)
    }

    /// The format cannot write it.
    #[cold]
    pub fn unencodable(&self, why: &str) -> BadRecord {
        self.bad(UNENCODABLE, format!("`{}` {why}", self.name))
    }

    fn bad(&self, name: &'static str, reason: String) -> BadRecord {
        BadRecord { name, reason, origin: self.origin }
    }
}

/// Why a value does not fit its type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Misfit {
    /// It is something else.
    Kind,
    /// Out of range.
    TooLarge,
    /// More digits than the type has.
    TooFine,
    /// In words.
    Because(String),
}

/// The bytes are not what the format says.
#[cold]
pub(crate) fn undecodable(reason: String) -> BadRecord {
    BadRecord { name: UNDECODABLE, reason, origin: None }
}

/// A value cut to 40 characters, control characters made visible.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == MOST {
            shown.push('…');
            break;
        }
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

fn article(base: &Base) -> &'static str {
    match base {
        Base::Int32 | Base::Int64 => "an",
        _ => "a",
    }
}
