//! The language server over the real protocol: the binary, its stdin and its stdout.

mod editor;
mod findings;
mod names;
mod protocol;
mod robust;
mod typing;

/// A program without a finding.
pub const SHOP: &str = include_str!("shop.pipe");
