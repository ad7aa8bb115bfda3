//! Text to tree and back: programs that are right and programs that are broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod format;
mod limits;
mod problems;
mod properties;
mod support;
mod trees;
