//! The compiler: resolves names, checks everything that can be known without a server, and lowers a program to a plan.
//!
//! Knows the language and the registry it is handed; knows no file system, no environment, no clock, no client library.
//! One call, [`compile`](crate), gives every finding at once and, if none is an error, the plan.

pub mod diagnostics;
pub mod environment;
pub mod expressions;
pub mod registry;
pub mod source;
