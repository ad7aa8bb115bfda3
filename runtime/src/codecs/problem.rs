//! Why a record is bad, in the words that all codecs share. The field is named; its value is shown, shortened, unless it
//! is personal data (`@pii`).

use pipewright_expr::convert::ConvertError;
use pipewright_plan::{Base, Field, Origin, Type};

use super::ColumnRequest;
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
    /// The field of a requested column.
    pub fn new(column: &ColumnRequest, fields: &[Field]) -> Self {
        Self { name: column.name.clone(), origin: column.origin, pii: pii(fields, &column.path) }
    }

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

    /// It is what stands for null, and may not be null.
    #[cold]
    pub fn stands_for_null(&self, text: &str) -> BadRecord {
        let shown = if text.is_empty() { "empty".to_string() } else { format!("`{}`", shortened(text)) };
        self.bad(NULL_VALUE, format!("`{}` is {shown}, which stands for null", self.name))
    }

    /// It does not fit its type. `shown` is the value as it stands in the input.
    #[cold]
    pub fn misfit(&self, inside: &str, shown: &str, ty: &Type, why: &Misfit) -> BadRecord {
        let name = &self.name;
        let plain = Type { base: ty.base.clone(), nullable: false };
        let value = if self.pii { "…".to_string() } else { shortened(shown) };
        let what = format!("`{name}{inside}` is {value}");
        let kind = || format!("{what}, not {} `{plain}`", article(&ty.base));
        let reason = match (why, &ty.base) {
            (_, Base::Set(members)) => {
                let members: Vec<_> = members.iter().map(|it| format!("{it:?}")).collect();
                format!("{what}, not one of {}", members.join(", "))
            }
            (Misfit::Kind | Misfit::Convert(ConvertError::Malformed), _) => kind(),
            (Misfit::Convert(ConvertError::OutOfRange), base) => {
                format!("{what}, out of the range of {} `{plain}`", article(base))
            }
            (Misfit::Convert(ConvertError::Inexact), Base::Decimal { scale, .. }) => {
                format!("{what}, with more than {scale} decimal places")
            }
            (Misfit::Convert(ConvertError::Inexact), Base::Int32 | Base::Int64) => {
                format!("{what}, not a whole number")
            }
            (Misfit::Convert(ConvertError::Inexact), base) => format!("{what}, finer than {} `{plain}`", article(base)),
            (Misfit::Convert(ConvertError::NoZone), _) => format!("{what}, without the time zone a timestamp needs"),
            (Misfit::Convert(ConvertError::Zone), _) => format!("{what}, with a time zone that civil time has not"),
            (Misfit::Quoted, _) => {
                format!("{what}, text and not a number; `format = json(numbers = text)` reads numbers in quotes")
            }
            (Misfit::Because(_), _) if self.pii => kind(),
            (Misfit::Because(why), _) => format!("{what}: {why}"),
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
    /// It is written like one, or nearly.
    Convert(ConvertError),
    /// A number, but in quotes.
    Quoted,
    /// In words.
    Because(String),
}

impl From<ConvertError> for Misfit {
    fn from(why: ConvertError) -> Self {
        Misfit::Convert(why)
    }
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

/// True if a field on that path holds personal data, or one below it.
fn pii(fields: &[Field], path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return fields.iter().any(|field| below(&field.ty) || field.pii);
    };
    fields.iter().filter(|field| field.wire_name() == first).any(|field| {
        field.pii
            || match &field.ty.base {
                Base::Record(fields) => pii(fields, rest),
                _ => below(&field.ty),
            }
    })
}

fn below(ty: &Type) -> bool {
    match &ty.base {
        Base::Record(fields) => fields.iter().any(|field| field.pii || below(&field.ty)),
        Base::List(element) | Base::Map(element) => below(element),
        _ => false,
    }
}

/// The name that was probably meant, if one is close.
pub(crate) fn closest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let wanted = name.to_lowercase();
    names
        .map(|it| (strsim::normalized_damerau_levenshtein(&wanted, &it.to_lowercase()), it))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, it)| it)
}

fn article(base: &Base) -> &'static str {
    match base {
        Base::Int32 | Base::Int64 => "an",
        _ => "a",
    }
}
