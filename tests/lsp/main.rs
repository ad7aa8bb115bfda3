//! The language server over the real protocol: the binary, its stdin and its stdout.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod editor;
mod findings;
mod names;
mod protocol;
mod robust;
mod typing;

/// A program without a finding.
pub const SHOP: &str = include_str!("shop.pipe");
