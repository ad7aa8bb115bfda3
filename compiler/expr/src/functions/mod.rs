//! The function library: one file a function, one line in [`ALL`].
//!
//! A file holds everything about its function: name, docs, examples (which run as tests), typing rule, evaluation.

mod abs;
mod at_zone;
mod base64_decode;
mod base64_encode;
mod boolean;
mod bytes;
mod captures;
mod cast;
mod ceil;
mod characters;
mod civil;
mod coalesce;
mod concat;
mod contains;
mod date;
mod date_add;
mod date_diff;
mod date_part;
mod date_trunc;
mod decimal;
mod div;
mod duration;
mod encoded;
mod ends_with;
mod epoch;
#[cfg(test)]
mod examples;
mod exp;
mod extreme;
mod fail;
mod float64;
mod floor;
mod format_time;
mod greatest;
mod hex_decode;
mod hex_encode;
mod initcap;
mod int32;
mod int64;
mod json;
mod json_get;
mod json_text;
mod json_valid;
mod least;
mod left;
mod length;
mod ln;
mod local_timestamp;
mod lower;
mod lpad;
mod ltrim;
mod md5;
mod modulo;
mod now;
mod nullif;
mod path;
mod pattern;
mod position;
mod power;
mod random;
mod real;
mod regex_count;
mod regex_extract;
mod regex_parse;
mod regex_replace;
mod repeat;
mod replace;
mod reverse;
mod right;
mod round;
mod rpad;
mod rtrim;
mod rules;
mod same;
mod sha1;
mod sha256;
mod sign;
mod split;
mod sqrt;
mod starts_with;
mod string;
mod substring;
mod time;
mod timestamp;
mod to_json;
mod to_unix;
mod trim;
mod upper;
mod uuid;
mod uuid_v4;
mod uuid_v7;

use pipewright_plan::{Expr, Type};

use crate::CompileError;
use crate::compile::{CallSite, Typed};
use crate::typing::TypeProblem;

/// A function of the library: everything the tools know about it.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Under which heading the docs list it.
    pub group: Group,
    /// One or more sentences: shapes, units, when it makes a record bad.
    pub doc: &'static str,
    /// Its parameters, in order; optional ones last.
    pub params: &'static [Param],
    /// The last parameter may be repeated (`coalesce`, `concat`).
    pub variadic: bool,
    /// What comes out, or what is wrong. The number of arguments has been checked.
    pub typing: fn(&[Expr]) -> Result<Type, TypeProblem>,
    /// The closure that evaluates a call.
    pub compile: fn(&mut CallSite<'_, '_>) -> Result<Typed, CompileError>,
    /// `call` gives `result`, both written in the language; tests run them.
    pub examples: &'static [Example],
    /// The same arguments always give the same value.
    pub deterministic: bool,
}

impl Function {
    /// What most functions are: deterministic, not variadic. Only to be taken apart by `..`.
    const PURE: Function = Function {
        name: "",
        group: Group::Logic,
        doc: "",
        params: &[],
        variadic: false,
        typing: |_| Err(TypeProblem::new("type-mismatch", "not a function")),
        compile: |call| Err(call.error("not a function")),
        examples: &[],
        deterministic: true,
    };
}

/// A parameter of a function.
pub struct Param {
    /// Its name, for `name = value`.
    pub name: &'static str,
    /// It may be left out.
    pub optional: bool,
}

impl Param {
    const fn required(name: &'static str) -> Self {
        Self { name, optional: false }
    }

    const fn optional(name: &'static str) -> Self {
        Self { name, optional: true }
    }
}

/// An example that runs as a test.
pub struct Example {
    /// An expression without fields.
    pub call: &'static str,
    /// What it gives, as an expression; `error` if the record becomes bad.
    pub result: &'static str,
}

impl Example {
    const fn new(call: &'static str, result: &'static str) -> Self {
        Self { call, result }
    }
}

/// Headings of the function reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Casts.
    Conversion,
    /// Text.
    Strings,
    /// Arithmetic.
    Numbers,
    /// Instants and civil time.
    Time,
    /// Nulls and failure.
    Logic,
    /// Regular expressions.
    Regex,
    /// Digests and encodings.
    Hashing,
    /// JSON and nested data.
    Json,
    /// Values that differ from call to call.
    Generated,
}

/// Every function, sorted by name.
pub const ALL: &[&Function] = &[
    &abs::FUNCTION,
    &at_zone::FUNCTION,
    &base64_decode::FUNCTION,
    &base64_encode::FUNCTION,
    &boolean::FUNCTION,
    &bytes::FUNCTION,
    &ceil::FUNCTION,
    &coalesce::FUNCTION,
    &concat::FUNCTION,
    &contains::FUNCTION,
    &date::FUNCTION,
    &date_add::FUNCTION,
    &date_diff::FUNCTION,
    &date_part::FUNCTION,
    &date_trunc::FUNCTION,
    &decimal::FUNCTION,
    &div::FUNCTION,
    &duration::FUNCTION,
    &ends_with::FUNCTION,
    &exp::FUNCTION,
    &fail::FUNCTION,
    &float64::FUNCTION,
    &floor::FUNCTION,
    &format_time::FUNCTION,
    &greatest::FUNCTION,
    &hex_decode::FUNCTION,
    &hex_encode::FUNCTION,
    &initcap::FUNCTION,
    &int32::FUNCTION,
    &int64::FUNCTION,
    &json::FUNCTION,
    &json_get::FUNCTION,
    &json_text::FUNCTION,
    &json_valid::FUNCTION,
    &least::FUNCTION,
    &left::FUNCTION,
    &length::FUNCTION,
    &ln::FUNCTION,
    &local_timestamp::FUNCTION,
    &lower::FUNCTION,
    &lpad::FUNCTION,
    &ltrim::FUNCTION,
    &md5::FUNCTION,
    &modulo::FUNCTION,
    &now::FUNCTION,
    &nullif::FUNCTION,
    &position::FUNCTION,
    &power::FUNCTION,
    &random::FUNCTION,
    &regex_count::FUNCTION,
    &regex_extract::FUNCTION,
    &regex_parse::FUNCTION,
    &regex_replace::FUNCTION,
    &repeat::FUNCTION,
    &replace::FUNCTION,
    &reverse::FUNCTION,
    &right::FUNCTION,
    &round::FUNCTION,
    &rpad::FUNCTION,
    &rtrim::FUNCTION,
    &same::FUNCTION,
    &sha1::FUNCTION,
    &sha256::FUNCTION,
    &sign::FUNCTION,
    &split::FUNCTION,
    &sqrt::FUNCTION,
    &starts_with::FUNCTION,
    &string::FUNCTION,
    &substring::FUNCTION,
    &time::FUNCTION,
    &timestamp::FUNCTION,
    &to_json::FUNCTION,
    &to_unix::FUNCTION,
    &trim::FUNCTION,
    &boolean::TRY,
    &bytes::TRY,
    &date::TRY,
    &decimal::TRY,
    &duration::TRY,
    &float64::TRY,
    &int32::TRY,
    &int64::TRY,
    &json::TRY,
    &local_timestamp::TRY,
    &string::TRY,
    &time::TRY,
    &timestamp::TRY,
    &uuid::TRY,
    &upper::FUNCTION,
    &uuid::FUNCTION,
    &uuid_v4::FUNCTION,
    &uuid_v7::FUNCTION,
];

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    let at = ALL.binary_search_by_key(&name, |function| function.name).ok()?;
    ALL.get(at).copied()
}
