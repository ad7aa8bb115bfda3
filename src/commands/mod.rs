//! The commands: one file each, with its arguments and a `run` that ends in an exit code.

pub mod check;
pub mod completions;
pub mod dead_letters;
pub mod docs;
pub mod environments;
pub mod explain;
pub mod fmt;
mod lint_flags;
pub mod lsp;
pub mod new;
pub mod positions;
pub mod run;
pub mod test;
