//! Everything that needs no server: text in, text out, and the embedded cluster. One binary, so that the client libraries are
//! linked once; a part of it alone is `cargo test --test text ui::`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod bad_input;
mod cli;
mod editors;
#[cfg(feature = "run")]
mod embedded;
mod environments;
mod examples;
mod explain;
#[cfg(feature = "run")]
mod files;
mod fixes;
mod fmt;
mod formats;
mod functions;
mod golden;
mod integrations;
mod lsp;
mod partitioners;
#[cfg(feature = "run")]
mod sink_options;
mod test_reports;
mod test_schedules;
mod tidy;
mod tree_sitter;
mod ui;
mod withstand;
