//! Options: what a user may write between braces, declared once.
//!
//! The macro [`options!`](crate::options) turns one declaration into the spec that the checker, the docs, completion and
//! `explain` read, and into the typed struct that the runtime gets. There is no second list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Options by name, as written and checked. References to the environment and to files stay references.
pub type Options = BTreeMap<String, OptionValue>;

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionValue {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `30`
    Int(i64),
    /// `0.5`, as written.
    Number(String),
    /// `"text"`
    String(String),
    /// A bare word: `cdc`, `upsert`, a field's name.
    Word(String),
    /// `30s`, in microseconds.
    Duration(i64),
    /// `8MiB`, in bytes.
    Size(u64),
    /// `1%`, in parts per million.
    Percent(u32),
    /// `env("NAME")` or `env("NAME", "fallback")`: read when the program runs.
    Env {
        /// The variable.
        name: String,
        /// What holds when it is not set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fallback: Option<String>,
    },
    /// `file("path")`: the file's text without the line end, read when the program runs.
    File(String),
    /// `[a, b]`
    List(Vec<OptionValue>),
    /// `{ a = 1 }`
    Record(Options),
    /// `csv(delimiter = ";")`
    Call {
        /// The name.
        name: String,
        /// Its arguments; they are all named.
        args: Options,
    },
}

/// One option: everything the tools know about it.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub ty: OptionType,
    /// It must be given.
    pub required: bool,
    /// What holds when it is not given, as it would be written; for docs and `explain`.
    pub default: Option<&'static str>,
    /// One or more sentences.
    pub doc: &'static str,
}

/// What may stand as the value of an option.
#[derive(Clone, Copy, Debug)]
pub enum OptionType {
    /// `true`, `false`
    Bool,
    /// A whole number in this range.
    Int {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// `"text"`, `env(…)`, `file(…)`
    String,
    /// A string that is never printed. A literal that holds a password is an error.
    Secret,
    /// `30s`
    Duration,
    /// `8MiB`
    Size,
    /// `1%`
    Percent,
    /// One of these words, bare or quoted.
    Choice(&'static [&'static str]),
    /// The name of a field, or a list of them. Resolved by the checker.
    Fields,
    /// An expression over the fields, or a list of them. Resolved by the checker.
    Exprs,
    /// A codec: `json`, `csv(delimiter = ";")`.
    Format,
    /// A nested block with options of its own.
    Record(&'static [OptionSpec]),
    /// One of these calls, with options in parentheses: `dead_letter(original = keep)`, `stop`.
    Call(&'static [CallSpec]),
    /// A string or a list of strings.
    Strings,
    /// A string or a list of them, each may be `env(…)`; names and values of a client's own properties.
    Properties,
}

/// A word that may take options in parentheses.
#[derive(Clone, Copy, Debug)]
pub struct CallSpec {
    /// The word.
    pub name: &'static str,
    /// What may stand in the parentheses.
    pub options: &'static [OptionSpec],
    /// What it means.
    pub doc: &'static str,
}

/// Why a value does not fit its option. The checker refuses all of these; a saved plan that was edited by hand, or a
/// variable of the environment, can still bring one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("option `{option}`: {why}")]
pub struct OptionError {
    /// The option.
    pub option: String,
    /// What is wrong.
    pub why: String,
}

/// A Rust type that an option is decoded into.
pub trait OptionField: Sized {
    /// Reads a value. `env` and `file` have been resolved before.
    fn read(value: &OptionValue) -> Result<Self, String>;
}

/// Text that never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl OptionField for Secret {
    fn read(value: &OptionValue) -> Result<Self, String> {
        String::read(value).map(Secret)
    }
}

impl OptionField for String {
    fn read(value: &OptionValue) -> Result<Self, String> {
        match value {
            OptionValue::String(text) | OptionValue::Word(text) => Ok(text.clone()),
            _ => Err("expected text".into()),
        }
    }
}

impl OptionField for bool {
    fn read(value: &OptionValue) -> Result<Self, String> {
        match value {
            OptionValue::Bool(it) => Ok(*it),
            _ => Err("expected `true` or `false`".into()),
        }
    }
}

macro_rules! integer_field {
    ($($ty:ty),*) => { $(
        impl OptionField for $ty {
            fn read(value: &OptionValue) -> Result<Self, String> {
                let out_of_range = || format!("expected a whole number between {} and {}", <$ty>::MIN, <$ty>::MAX);
                match value {
                    OptionValue::Int(it) => <$ty>::try_from(*it).map_err(|_| out_of_range()),
                    OptionValue::Size(it) => <$ty>::try_from(*it).map_err(|_| out_of_range()),
                    _ => Err(out_of_range()),
                }
            }
        }
    )* };
}
integer_field!(i32, i64, u16, u32, u64);

impl OptionField for std::time::Duration {
    fn read(value: &OptionValue) -> Result<Self, String> {
        match value {
            OptionValue::Duration(us) => {
                u64::try_from(*us).map(Self::from_micros).map_err(|_| "expected a duration that is not negative".into())
            }
            _ => Err("expected a duration such as `30s`".into()),
        }
    }
}

impl<T: OptionField> OptionField for Option<T> {
    fn read(value: &OptionValue) -> Result<Self, String> {
        match value {
            OptionValue::Null => Ok(None),
            other => T::read(other).map(Some),
        }
    }
}

/// One value stands for a list of one.
impl<T: OptionField> OptionField for Vec<T> {
    fn read(value: &OptionValue) -> Result<Self, String> {
        match value {
            OptionValue::List(items) => items.iter().map(T::read).collect(),
            one => T::read(one).map(|it| vec![it]),
        }
    }
}

/// A client's own properties: name to text.
impl OptionField for BTreeMap<String, String> {
    fn read(value: &OptionValue) -> Result<Self, String> {
        let OptionValue::Record(entries) = value else { return Err("expected a block of properties".into()) };
        entries
            .iter()
            .map(|(name, value)| {
                let text = match value {
                    OptionValue::String(text) | OptionValue::Word(text) | OptionValue::Number(text) => text.clone(),
                    OptionValue::Bool(it) => it.to_string(),
                    OptionValue::Int(it) => it.to_string(),
                    OptionValue::Size(it) => it.to_string(),
                    OptionValue::Duration(us) => (us / 1000).to_string(),
                    _ => return Err(format!("property `{name}`: expected text, a number or a duration")),
                };
                Ok((name.clone(), text))
            })
            .collect()
    }
}

/// A struct declared by [`options!`](crate::options).
pub trait TypedOptions: Sized {
    /// What may be written.
    const SPEC: &'static [OptionSpec];

    /// Reads checked options; `env` and `file` have been resolved before.
    fn decode(options: &Options) -> Result<Self, OptionError>;
}

/// A nested block.
impl<T: TypedOptions> OptionField for Block<T> {
    fn read(value: &OptionValue) -> Result<Self, String> {
        match value {
            OptionValue::Record(entries) => T::decode(entries).map(Block).map_err(|error| error.to_string()),
            _ => Err("expected a block `{ … }`".into()),
        }
    }
}

/// A nested block of options, as a field of an options struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<T>(pub T);

/// Declares options once: a struct with its spec.
///
/// ```
/// use pipewright_plan::{options, OptionType, TypedOptions, Options, OptionValue, Secret};
/// use std::time::Duration;
///
/// options! {
///     /// How to reach a PostgreSQL database.
///     pub struct PostgresConnection {
///         /// `postgres://user@host:5432/database`
///         url: Secret, OptionType::Secret, required;
///         /// The schema of tables without one.
///         schema: String, OptionType::String, default "\"public\"" = "public".to_string();
///         /// How long one statement may take.
///         statement_timeout: Duration, OptionType::Duration, default "60s" = Duration::from_secs(60);
///         /// Certificates.
///         root_cert: Option<String>, OptionType::String, optional;
///     }
/// }
///
/// assert_eq!(PostgresConnection::SPEC[0].name, "url");
/// let options = Options::from([("url".into(), OptionValue::String("postgres://localhost".into()))]);
/// assert_eq!(PostgresConnection::decode(&options).unwrap().schema, "public");
/// ```
#[macro_export]
macro_rules! options {
    (
        $(#[doc = $struct_doc:literal])*
        $visibility:vis struct $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident : $ty:ty, $option_type:expr, $presence:ident $($text:literal = $default:expr)? ; )*
        }
    ) => {
        $(#[doc = $struct_doc])*
        #[derive(Clone, Debug, PartialEq)]
        $visibility struct $name {
            $( $(#[doc = $doc])+ pub $field: $ty, )*
        }

        impl $crate::TypedOptions for $name {
            const SPEC: &'static [$crate::OptionSpec] = &[
                $( $crate::OptionSpec {
                    name: stringify!($field),
                    ty: $option_type,
                    required: $crate::options!(@required $presence),
                    default: $crate::options!(@default $($text)?),
                    doc: concat!($($doc, "\n"),+),
                }, )*
            ];

            #[allow(unused_variables)]
            fn decode(options: &$crate::Options) -> Result<Self, $crate::OptionError> {
                Ok(Self {
                    $( $field: match options.get(stringify!($field)) {
                        Some(value) => <$ty as $crate::OptionField>::read(value).map_err(|why| $crate::OptionError {
                            option: stringify!($field).to_string(),
                            why,
                        })?,
                        None => $crate::options!(@absent $presence $field $($default)?),
                    }, )*
                })
            }
        }
    };
    (@required required) => { true };
    (@required $other:ident) => { false };
    (@default) => { None };
    (@default $text:literal) => { Some($text) };
    (@absent required $field:ident) => {
        return Err($crate::OptionError { option: stringify!($field).to_string(), why: "it is missing".to_string() })
    };
    (@absent optional $field:ident) => { None };
    (@absent default $field:ident $default:expr) => { $default };
}
