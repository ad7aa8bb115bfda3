//! The compiler: resolves names, checks everything that can be known without a server, and lowers a program to a plan.
//!
//! Knows the language and the registry it is handed; knows no file system, no environment, no clock, no client library.
//! One call, [`compile`], gives every finding at once and, if none is an error, the plan.

mod added;
mod allows;
mod client_properties;
mod compile;
pub mod connections;
mod context;
pub mod diagnostics;
pub mod editor;
pub mod environment;
pub mod expressions;
mod fix;
mod flow;
mod functions;
mod graph;
mod hints;
mod index;
mod keys;
pub mod levels;
mod lints;
mod loading;
pub mod nodes;
mod options;
mod params;
mod problems;
pub mod registry;
mod slip;
pub mod source;
mod stages;
mod steps;
mod test_blocks;
mod types;
mod walk;

pub use compile::{Compilation, compile, read};
