//! The function library: one file a function, one line in [`ALL`].
//!
//! A file holds everything about its function: name, docs, examples (which run as tests), typing rule, evaluation.

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

/// A parameter of a function.
pub struct Param {
    /// Its name, for `name = value`.
    pub name: &'static str,
    /// It may be left out.
    pub optional: bool,
}

/// An example that runs as a test.
pub struct Example {
    /// An expression without fields.
    pub call: &'static str,
    /// What it gives, as an expression; `error` if the record becomes bad.
    pub result: &'static str,
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
pub const ALL: &[&Function] = &[];

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().copied().find(|function| function.name == name)
}
