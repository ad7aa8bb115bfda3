//! The language: text to syntax tree and back.
//!
//! Owns the grammar (`pipe.pest`), the tree with the place of every part, recovery, and the formatter. Knows no names,
//! no types, does no I/O. Facts about what could not be read are [`Problem`]s; their wording is the compiler's.

pub mod ast;
mod build;
mod cursor;
mod depth;
mod expected;
mod explain;
mod format;
mod json;
mod keywords;
mod oddities;
mod parse;
mod parser;
mod problem;
mod scan;
mod span;
mod units;

pub use cursor::{Hole, OpenCall, call_at, with_word};
pub use format::format;
pub use json::is_json_object;
pub use keywords::{KEYWORDS, RESERVED, STEP_KEYWORDS};
pub use parse::{Parsed, parse};
pub use problem::{Problem, ProblemKind};
pub use span::{SourceId, Span};
