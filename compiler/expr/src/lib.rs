//! Values and expressions: what an operator and a function may take and gives ([`typing`], [`functions`]), exact conversions
//! between text and values ([`convert`]), and expressions compiled to typed closures over a row ([`mod@compile`]).
//!
//! Knows no syntax, no I/O, no Kafka, no SQL. The one evaluator of the project: `run`, `test`, constant folding and the
//! examples of the docs all come here.

pub mod compile;
pub mod convert;
mod datum;
pub mod decimal;
pub mod functions;
mod literal;
pub mod nested;
pub mod typing;

pub use compile::{CompileError, Compiled, Layout, NoColumns, Outcomes, Reached, compile, constant};
pub use datum::{Datum, EvalError, Row};
pub use literal::{literal_from_json, literal_text, literal_to_json};
