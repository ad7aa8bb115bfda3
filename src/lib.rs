//! The command line of Pipewright: what a person types and reads.
//!
//! Owns arguments, files, `pipewright.yaml`, exit codes and everything that is printed; ties the compiler to the connectors,
//! codecs and functions of the runtime ([`program`], the one place that knows both). Knows no rule of the language and moves
//! no record. Data goes to stdout, talk to stderr; nothing is coloured unless a terminal reads it.

pub mod cli;
pub mod commands;
pub mod diff;
pub mod environment;
pub mod exit;
pub mod explain;
pub mod fixes;
pub mod output;
pub mod program;
#[cfg(feature = "run")]
pub mod progress;
pub mod reference;
pub mod report;
pub mod rewrite;
#[cfg(feature = "run")]
pub mod signals;
pub mod style;
pub mod suggest;
#[cfg(feature = "run")]
pub mod summary;
